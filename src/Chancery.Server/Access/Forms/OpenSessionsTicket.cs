using System.Security.Cryptography;
using System.Text.Json;
using Chancery.Server.Access.Sessions;
using Microsoft.AspNetCore.DataProtection;

namespace Chancery.Server.Access.Forms;

/// <summary>
/// Carries the sign-ins of somebody who just gave their password from the form's answer to the page that asks which one ends.
/// Nobody else can make one, and it is read for ten minutes.
/// </summary>
public sealed class OpenSessionsTicket(IDataProtectionProvider protection)
{
    // An address holds no more; they come longest unused first, and one of them is enough.
    private const int Most = 10;

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private readonly ITimeLimitedDataProtector _protector = protection
        .CreateProtector("chancery/open-sessions")
        .ToTimeLimitedDataProtector();

    internal string Write(IReadOnlyList<OpenSession> sessions) =>
        _protector.Protect(JsonSerializer.Serialize(sessions.Take(Most)), Life);

    /// <summary>None for a text that is not ours, or too old.</summary>
    public IReadOnlyList<OpenSession> Read(string ticket)
    {
        if (ticket.Length == 0)
        {
            return [];
        }

        try
        {
            return JsonSerializer.Deserialize<List<OpenSession>>(_protector.Unprotect(ticket)) ?? [];
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException)
        {
            return [];
        }
    }
}
