namespace Chancery.Server.Ui.Layout;

/// <summary>What a refused form says. The form handlers send a code back in the address.</summary>
internal static class FormErrors
{
    /// <summary>A sentence for the code, a general one for a code unknown here, null for no code.</summary>
    public static string? Sentence(string? code) =>
        code switch
        {
            null or "" => null,
            "invalid-credentials" => "Wrong e-mail or password. Check both and try again.",
            "email-taken" => "There is an account with this e-mail already. Sign in instead, or use another one. "
                + "If you belong to no organisation, make this one with the password of that account.",
            "invalid-email" => "This is not an e-mail address. Check it and try again.",
            "invalid-organization" => "Give the organisation a name.",
            "invalid-password" => "This password cannot be taken: it is too short, too long, or your e-mail.",
            "invitation-gone" => "This invitation does not work any more. Ask for a new one.",
            "already-member" => "You are a member already. Sign in instead.",
            "sign-up-closed" =>
                "New organisations cannot be made here. Ask for an invitation; the very first is made on the server itself.",
            "no-organization" => "You belong to no organisation any more. Ask for an invitation.",
            "insecure-transport" => "Signing in needs a secure connection: open this page by its https address.",
            "concurrency-limit" =>
                "You are signed in on as many devices as may be. Choose one that is signed out, and give your password again.",
            Access.Federation.FederationPages.NoPlace =>
                "You are signed in on as many devices as may be. Choose one that is signed out.",
            "too-many-requests" => "Too many attempts. Wait a minute and try again.",
            "invalid-second-factor" =>
                "That is not right. A code is good for about a minute and works once: wait for the next one.",
            "invalid-passkey" =>
                "This passkey opens nothing here: it was removed, or is of another address. Sign in with your password.",
            "passkey-no-place" =>
                "You are signed in on as many devices as may be. Sign in with your password to choose one that is signed out.",
            "challenge-over" => "That took too long, or was tried too often. Begin anew with your password.",
            "user-code" => "No device waits with this code. Check it: a code works once, and for ten minutes.",
            "operator-token" => "No operator has this token, or it was revoked. Check it and try again.",
            "operator-wait" => "Too many attempts from this address. Wait a quarter of an hour and try again.",
            "issuer-unknown" => "This way of signing in does not exist here any more. Sign in another way.",
            "issuer-unavailable" =>
                "The other service cannot be reached just now. Try again in a minute, or sign in another way.",
            "issuer-refused" => "The other service did not say who you are. Try again.",
            "no-verified-email" =>
                "The other service vouches for no e-mail address of yours. Ask whoever looks after it, or for an invitation.",
            "no-account" => "You have no account here yet. Ask a member of your organisation for an invitation.",
            "reset-gone" =>
                "This link does not work any more: it was used, or is older than an hour. Ask for a new one.",
            "form-expired" or "cross-site" => "The form was open for too long. Try again.",
            _ => "That did not work. Check the form and try again.",
        };
}
