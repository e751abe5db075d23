export default function Page() {
  return (
    <p>
      <a href="/projects">Projects</a>
    </p>
  );
}
