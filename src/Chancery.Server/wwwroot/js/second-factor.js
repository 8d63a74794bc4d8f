// Before anything else: the second factor that the organisation requires.
import { loadSecurity } from "./security.js";

await loadSecurity();
