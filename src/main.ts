#!/usr/bin/env node
console.log('skeleton');
