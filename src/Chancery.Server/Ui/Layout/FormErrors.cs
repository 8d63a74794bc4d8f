namespace Chancery.Server.Ui.Layout;

/// <summary>What a refused form says. The form handlers send the problem's code back in the address.</summary>
internal static class FormErrors
{
    /// <summary>A sentence for the code, a general one for a code unknown here, null for no code.</summary>
    public static string? Sentence(string? code) =>
        code switch
        {
            null or "" => null,
            "invalid-credentials" => "Wrong e-mail or password. Check both and try again.",
            "email-taken" => "There is an account with this e-mail already. Sign in instead.",
            "weak-password" or "invalid-password" =>
                "Choose a password of at least 12 characters that is hard to guess.",
            "invalid" => "Something in the form is missing or not valid. Check each field and try again.",
            "invitation-invalid" or "invitation-expired" or "not-found" =>
                "This invitation is not valid any more. Ask for a new one.",
            "signup-closed" => "New organisations cannot be made here. Ask for an invitation.",
            "too-many-requests" => "Too many attempts. Wait a minute and try again.",
            "antiforgery" or "cross-site" => "The form was open for too long. Try again.",
            _ => "That did not work. Check the form and try again.",
        };
}
