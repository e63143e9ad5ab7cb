import { Crowd } from '../support/crowd.ts';
import { residentBytes } from '../support/process-usage.ts';
const port=Number(process.argv[2]), pid=Number(process.argv[3]); const total=Number(process.argv[4]??200000);
await using c = new Crowd(port, 2);
const settle = Number(process.argv[5]??20000);
let first=0;
for (let gone=0; gone<total; gone+=20000){ await c.churn(20000);
 if (gone===0||gone+20000>=total) { await new Promise(r=>setTimeout(r,settle)); const r=residentBytes(pid)/1048576; first||=r; console.log(gone+20000, r.toFixed(1), (r/first).toFixed(3)); } }
