namespace Chancery.Server.Access.Passwords;

/// <summary>What a new password must be: long enough, and not the e-mail. No rules on kinds of characters.</summary>
public sealed class PasswordRule(AccessSettings settings)
{
    /// <summary>Characters; more would only cost time.</summary>
    public const int MaxLength = 200;

    /// <summary>Why the password cannot be taken; <c>null</c> when it can.</summary>
    public string? WhyNot(string password, string email) =>
        password.Length < settings.PasswordMinLength
            ? $"A password has at least {settings.PasswordMinLength} characters."
        : password.Length > MaxLength ? $"A password has at most {MaxLength} characters."
        : string.Equals(password.Trim(), email, StringComparison.OrdinalIgnoreCase)
            ? "The password must not be the e-mail address."
        : null;
}
