using Chancery.Server.Access.Mail;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle;

/// <summary>
/// Letters to all owners of an organisation about what happens to all of it. Nobody waits for them: what is not sent is said in the
/// log, and stands on the organisation's page all the same. Safe for concurrent use.
/// </summary>
internal sealed class OwnerLetters(
    TenantDatabase database,
    IMailSender mail,
    MailSettings settings,
    ILogger<OwnerLetters> logger
)
{
    private const string OwnersSql = """
        SELECT u.email FROM memberships AS m JOIN users AS u USING (user_id)
        WHERE m.tenant_id = @tenant AND m.role = 'owner' AND m.status = 'active'
        ORDER BY m.created_at, m.user_id
        LIMIT 100
        """;

    /// <summary>Sends them one by one, and answers how many went. 0 where letters go nowhere.</summary>
    /// <exception cref="Npgsql.NpgsqlException">Nobody can say who they are.</exception>
    public async Task<int> SendNowAsync(
        TenantId tenant,
        string subject,
        string text,
        CancellationToken cancellationToken
    ) => settings.IsPossible ? await SendAllAsync(await OwnersAsync(tenant, cancellationToken), subject, text) : 0;

    /// <exception cref="Npgsql.NpgsqlException">Nobody can say who they are.</exception>
    public async Task SendAsync(TenantId tenant, string subject, string text, CancellationToken cancellationToken)
    {
        if (!settings.IsPossible)
        {
            return;
        }

        var owners = await OwnersAsync(tenant, cancellationToken);
        _ = Task.Run(() => SendAllAsync(owners, subject, text), CancellationToken.None);
    }

    private async Task<IReadOnlyList<string>> OwnersAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<string>(OwnersSql, new { tenant = tenant.Value }, cancellationToken);
    }

    private async Task<int> SendAllAsync(IReadOnlyList<string> owners, string subject, string text)
    {
        var sent = 0;
        foreach (var owner in owners.Where(owner => owner.Length > 0))
        {
            try
            {
                await mail.SendAsync(new Letter(owner, subject, text), CancellationToken.None);
                sent++;
            }
            catch (MailException exception)
            {
                Log.OwnerLetterNotSent(logger, exception);
            }
        }

        return sent;
    }
}
