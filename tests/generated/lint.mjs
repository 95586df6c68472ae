// Prints what Redocly's recommended rules find in an OpenAPI document, one problem a line.
import { createConfig, lint } from "@redocly/openapi-core";

const config = await createConfig({ extends: ["recommended"] });
for (const problem of await lint({ ref: process.argv[2], config })) {
  console.log(`${problem.severity} ${problem.ruleId}: ${problem.message} ${problem.location[0]?.pointer}`);
}
