// Prints the bill of materials of the package, as CycloneDX: `npm run --silent sbom > axios-procore.cdx.json`.
import { billOfMaterials } from './shipped.mjs';

console.log(JSON.stringify(await billOfMaterials(), null, 2));
