namespace Chancery.Server.Access;

/// <summary>E-mail addresses as this product takes them: something@something.something, no spaces, at most 254.</summary>
internal static class EmailAddress
{
    public const int MaxLength = 254;

    /// <summary>Trimmed and lowercased, the form that is stored and compared; <c>null</c> when it is no address.</summary>
    public static string? Normalize(string text)
    {
        var email = text.Trim().ToLowerInvariant();
        var at = email.IndexOf('@', StringComparison.Ordinal);
        var domain = at < 0 ? "" : email[(at + 1)..];
        return
            at is > 0 and <= 64
            && email.Length <= MaxLength
            && at == email.LastIndexOf('@')
            && domain.Contains('.', StringComparison.Ordinal)
            && domain.Split('.').All(label => label.Length > 0)
            && !email.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '<' or '>' or '"' or ',' or ';')
            ? email
            : null;
    }
}
