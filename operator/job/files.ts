import { posix } from "node:path";
import { COPY_CONTAINER } from "../../contract/resource/names.ts";
import type { ContainerBasics } from "./container.ts";
import { literal } from "./literal.ts";
import type { RunOrder } from "./order.ts";

const VOLUME = "migrations";
/** Where an image is mounted whole, so that a module finds what it imports beside its folder. */
const IMAGE_DIR = "/source";
const FILES_DIR = "/migrations";
/** A folder of migrations is small; what is larger was probably not meant. */
const COPY_LIMIT = "512Mi";

type Files = { dir: string; volumes: object[]; mounts: object[]; copies: object[] };

/**
 * How the migrations get into the runner's container, and under which folder they are there.
 * - An image volume needs a server and a node that know it; the image may be one without a shell.
 * - A copy needs `cp` in the image. Only the folder is copied: a module that imports what is elsewhere doesn't work.
 * - A ConfigMap has one level of files.
 */
export function filesOf({ source, migration }: RunOrder, basics: ContainerBasics): Files {
  if (source.from === "configMap") {
    return {
      dir: FILES_DIR,
      volumes: [{ name: VOLUME, configMap: { name: source.name, defaultMode: 0o444 } }],
      mounts: [{ name: VOLUME, mountPath: FILES_DIR, readOnly: true }],
      copies: [],
    };
  }
  const { image, pullPolicy } = source;
  // A path that climbs out of the image would name a folder of the runner's own.
  const path = posix.normalize(`/${migration.spec.source.path ?? ""}`);
  if (source.copy === "ImageVolume") {
    return {
      dir: posix.join(IMAGE_DIR, path),
      volumes: [{ name: VOLUME, image: { reference: image, pullPolicy } }],
      mounts: [{ name: VOLUME, mountPath: IMAGE_DIR, readOnly: true }],
      copies: [],
    };
  }
  return {
    dir: FILES_DIR,
    volumes: [{ name: VOLUME, emptyDir: { sizeLimit: COPY_LIMIT } }],
    mounts: [{ name: VOLUME, mountPath: FILES_DIR, readOnly: true }],
    copies: [
      {
        ...basics,
        name: COPY_CONTAINER,
        image,
        imagePullPolicy: pullPolicy,
        // Links are followed: their targets stay behind. The dot makes it the same when the kubelet does it again.
        command: ["cp", "-RL", literal(posix.join(path, "/")) + ".", FILES_DIR],
        volumeMounts: [{ name: VOLUME, mountPath: FILES_DIR }],
        terminationMessagePath: "/dev/termination-log",
        // cp can't leave a message, but what it prints says which file was missing.
        terminationMessagePolicy: "FallbackToLogsOnError",
      },
    ],
  };
}
