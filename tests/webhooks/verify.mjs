// Verifies one request with the library that receivers on Node use: {secret, body, headers} on standard input.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, body, headers } = JSON.parse(readFileSync(0, "utf8"));
const event = new Webhook(secret).verify(body, headers);
console.log(event.type);
try {
  new Webhook(secret).verify(body.replace("message", "massage"), headers);
} catch (error) {
  console.log(error.name);
}
