// sample-config.mjs LANGUAGE: prints the commented config.yaml of the version that this file belongs to.
import { sampleConfig } from '../../dist/config/index.js';

process.stdout.write(sampleConfig(process.argv[2] || 'en'));
