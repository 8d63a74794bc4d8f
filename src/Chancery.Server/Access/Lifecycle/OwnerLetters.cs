using Chancery.Server.Access.Mail;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle;

/// <summary>What a letter to owners says.</summary>
/// <param name="Text">Plain text.</param>
internal sealed record OwnerLetter(string Subject, string Text);

/// <summary>Letters to all owners of an organisation about what happens to all of it. Safe for concurrent use.</summary>
internal sealed class OwnerLetters(
    TenantDatabase database,
    IMailSender mail,
    MailSettings settings,
    TimeProvider time,
    ILogger<OwnerLetters> logger
)
{
    private const string OwnersSql = "SELECT * FROM door_owner_addresses(@tenant)";

    private const string TellSql = "SELECT door_tell_owners(@tenant, @subject, @text, @now)";

    /// <summary>Whether letters go anywhere.</summary>
    public bool IsPossible => settings.IsPossible;

    /// <summary>
    /// Puts them on their way in the caller's transaction, which makes true what they tell of; does nothing where letters go
    /// nowhere. <see cref="OwnerLetterWork"/> sends them.
    /// </summary>
    /// <param name="session">Of whichever tenant.</param>
    public async Task QueueAsync(
        TenantSession session,
        TenantId tenant,
        OwnerLetter letter,
        CancellationToken cancellationToken
    )
    {
        if (settings.IsPossible)
        {
            await session.QueryAsync<long>(
                TellSql,
                new
                {
                    tenant = tenant.Value,
                    subject = letter.Subject,
                    text = letter.Text,
                    now = time.GetUtcNow(),
                },
                cancellationToken
            );
        }
    }

    /// <summary>Puts them on their way for what is in no transaction; they are on it when this returns.</summary>
    public async Task QueueAsync(TenantId tenant, OwnerLetter letter, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await QueueAsync(session, tenant, letter, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Sends them one by one, once, and answers how many went. 0 where letters go nowhere.</summary>
    /// <exception cref="Npgsql.NpgsqlException">Nobody can say who they are.</exception>
    public async Task<int> SendNowAsync(TenantId tenant, OwnerLetter letter, CancellationToken cancellationToken)
    {
        var sent = 0;
        foreach (var owner in settings.IsPossible ? await OwnersAsync(tenant, cancellationToken) : [])
        {
            try
            {
                await mail.SendAsync(new Letter(owner, letter.Subject, letter.Text), cancellationToken);
                sent++;
            }
            catch (MailException exception)
            {
                Log.OwnerLetterNotSent(logger, exception);
            }
        }

        return sent;
    }

    private async Task<IReadOnlyList<string>> OwnersAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<string>(OwnersSql, new { tenant = tenant.Value }, cancellationToken);
    }
}
