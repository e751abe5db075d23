import type { NextConfig } from 'next';

const config: NextConfig = {
  // Node loads them, so that one copy of the package, and the addon of its file store, are there however many bundles Next makes.
  serverExternalPackages: ['axios-procore', 'fs-native-extensions'],
  // This folder, and not one above it that has a lock file as well.
  turbopack: { root: import.meta.dirname },
};

export default config;
