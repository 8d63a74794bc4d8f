// The browser's side of passkeys (WebAuthn).

/** Whether this browser, at this address, can make and use them. */
export const canUsePasskeys = () => Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON && navigator.credentials);

/** What went wrong, in a person's words. @param {any} fault */
const said = (fault) =>
  new Error(fault.name === "InvalidStateError" ? "This device has a passkey of yours already." : "No passkey was used. Try again, or take another way.");

/** @param {any} options @returns {Promise<any>} what the server is sent */
export async function makePasskey(options) {
  try {
    const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
    return made.toJSON();
  } catch (fault) {
    throw said(fault);
  }
}

/** @param {any} options @returns {Promise<any>} what the server is sent */
export async function usePasskey(options) {
  try {
    const used = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    return used.toJSON();
  } catch (fault) {
    throw said(fault);
  }
}
