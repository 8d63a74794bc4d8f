using System.Globalization;
using Chancery.Server.Access.Mail;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle;

/// <summary>Tells an organisation's owners that the operator saw, or took along, what is in it.</summary>
public interface IOperatorAccessNotice
{
    /// <summary>Tells them where letters go anywhere. Whether it succeeds changes nothing: the organisation's record says it, too.</summary>
    /// <param name="what">What the operator does, as it follows "the operator".</param>
    /// <param name="reason">Why, in the operator's words.</param>
    public Task TellAsync(TenantId tenant, string what, string reason, CancellationToken cancellationToken);
}

/// <summary>By letter. Safe for concurrent use.</summary>
internal sealed class OperatorAccessLetters(
    TenantDatabase database,
    IMailSender mail,
    MailSettings settings,
    TimeProvider time,
    ILogger<OperatorAccessLetters> logger
) : IOperatorAccessNotice
{
    private const string OwnersSql = """
        SELECT u.email, t.name AS organization
        FROM memberships AS m
        JOIN users AS u ON u.user_id = m.user_id
        JOIN tenants AS t ON t.tenant_id = m.tenant_id
        WHERE m.tenant_id = @tenant AND m.role = 'owner' AND m.status = 'active'
        ORDER BY u.user_id
        LIMIT 100
        """;

    private sealed record Owner(string Email, string Organization);

    public async Task TellAsync(TenantId tenant, string what, string reason, CancellationToken cancellationToken)
    {
        if (!settings.IsPossible)
        {
            return;
        }

        IReadOnlyList<Owner> owners;
        await using (var session = await database.OpenAsync(tenant, cancellationToken))
        {
            owners = await session.QueryAsync<Owner>(OwnersSql, new { tenant = tenant.Value }, cancellationToken);
        }

        foreach (var owner in owners)
        {
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"""
                On {time.GetUtcNow():yyyy-MM-dd HH:mm} UTC the operator of this installation {what}: {owner.Organization}.

                The reason given: {reason}

                You find it in your organisation's record, with who it was.

                """
            );
            try
            {
                await mail.SendAsync(
                    new Letter(owner.Email, "The operator saw what is in your organisation", text),
                    cancellationToken
                );
            }
            catch (MailException notSent)
            {
                Log.OwnerNotTold(logger, notSent.Message);
            }
        }
    }
}
