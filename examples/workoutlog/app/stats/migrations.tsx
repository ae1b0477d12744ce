"use client";
import "lockkeeper/widget";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "lockkeeper-migrations": React.HTMLAttributes<HTMLElement> & { src: string; refresh?: string };
    }
  }
}

export function Migrations() {
  return <lockkeeper-migrations src="/api/stats/migrations" refresh="10" />;
}
