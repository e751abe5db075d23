// How a changeset reads in CHANGELOG.md: its sentence, as it stands. The package has no packages beside it whose releases would be told of.
module.exports = {
  getReleaseLine: async ({ summary }) => `- ${summary}`,
  getDependencyReleaseLine: async () => '',
};
