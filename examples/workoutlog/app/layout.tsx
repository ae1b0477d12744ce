import type { ReactNode } from "react";

export const metadata = { title: "WorkoutLog" };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body style={{ font: "16px/1.5 system-ui, sans-serif", margin: "2rem auto", maxWidth: "40rem" }}>{children}</body>
    </html>
  );
}
