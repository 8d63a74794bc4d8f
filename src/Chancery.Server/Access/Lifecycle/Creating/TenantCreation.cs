using Chancery.Server.Access.Decoys;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Invitations;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Access.Mail;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Access.Lifecycle.Creating;

/// <summary>What an operator wants made.</summary>
/// <param name="Plan">Null for the plan of organisations that sign up.</param>
internal sealed record NewOrganization(string Name, string Email, string? Plan);

/// <summary>What making an organisation, or inviting its owner anew, came to.</summary>
internal abstract record CreationOutcome
{
    private CreationOutcome() { }

    /// <summary>It is there, and whoever has the link becomes its owner.</summary>
    /// <param name="IsMailed">Whether a letter with the link was handed to the mail server.</param>
    public sealed record Invited(
        TenantId Tenant,
        string Name,
        string Plan,
        InvitationStore.InvitationRow Invitation,
        string Url,
        bool IsMailed
    ) : CreationOutcome;

    /// <summary>A field that cannot be used, and why.</summary>
    public sealed record Invalid(string Field, string Why) : CreationOutcome;

    /// <summary>There is no such organisation.</summary>
    public sealed record NotFound : CreationOutcome;

    /// <summary>Owners invite people themselves.</summary>
    public sealed record HasOwner : CreationOutcome;

    /// <summary>People came in before an owner did, and the address is none of theirs: its owner would be let into what is theirs.</summary>
    public sealed record HasPeople : CreationOutcome;

    /// <summary>The key of the call made another organisation.</summary>
    public sealed record KeyReused : CreationOutcome;
}

/// <summary>
/// Makes an organisation that has nobody yet, with an invitation that makes whoever accepts it the owner; all or nothing. Safe for
/// concurrent use.
/// </summary>
internal sealed class TenantCreation(
    AccessSettings settings,
    TenantDatabase database,
    Doors doors,
    TenantKeys keys,
    IKnownPlans plans,
    IEnumerable<ITenantCreated> followers,
    IMailSender mail,
    MailSettings mailSettings,
    TimeProvider time,
    ILogger<TenantCreation> logger
)
{
    public const int LongestName = 200;

    private static readonly TimeSpan Life = TimeSpan.FromDays(7);

    private const string MadeSql = "SELECT * FROM door_tenant_made_by(@call)";

    private const string InsertSql = """
        INSERT INTO tenants (tenant_id, name, plan, wrapped_key, created_at)
        VALUES (@tenant, @name, @plan, @wrappedKey, @now)
        """;

    private const string StateSql = """
        SELECT t.tenant_id, t.name, t.plan, '' AS email,
          EXISTS (SELECT 1 FROM memberships AS m
                  WHERE m.tenant_id = t.tenant_id AND m.role = 'owner' AND m.status <> 'removed') AS has_owner,
          EXISTS (SELECT 1 FROM memberships AS m
                  WHERE m.tenant_id = t.tenant_id AND m.status <> 'removed')
          AND NOT EXISTS (SELECT 1 FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
                  WHERE m.tenant_id = t.tenant_id AND m.status = 'active' AND lower(u.email) = lower(@email)) AS is_others
        FROM tenants AS t
        WHERE t.tenant_id = @tenant AND t.status <> 'erasing'
        FOR UPDATE
        """;

    private sealed record MadeRow
    {
        public Guid TenantId { get; init; }

        public string Name { get; init; } = "";

        public string Plan { get; init; } = "";

        public string Email { get; init; } = "";

        public bool HasOwner { get; init; }

        /// <summary>People are in it, and whoever is to be its owner is none of them.</summary>
        public bool IsOthers { get; init; }
    }

    /// <param name="key">The caller's own word for this call. Said again for the same organisation it makes no second one, and
    /// puts a new link in the place of the first, whose answer may have been lost. Null for none.</param>
    public async Task<CreationOutcome> CreateAsync(
        NewOrganization wanted,
        string? key,
        CancellationToken cancellationToken
    )
    {
        var name = wanted.Name.Trim();
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            return new CreationOutcome.Invalid("name", $"A name has 1 to {LongestName} characters on one line.");
        }

        if (EmailAddress.Normalize(wanted.Email) is not { } email)
        {
            return new CreationOutcome.Invalid("email", "This is not an e-mail address.");
        }

        var plan = wanted.Plan ?? settings.SignUpPlan;
        if (!await plans.IsKnownAsync(plan, cancellationToken))
        {
            return new CreationOutcome.Invalid("plan", $"There is no plan {plan}.");
        }

        var call = key is null ? null : IdempotencyStore.HashOf(key);
        if (call is not null && await FindMadeAsync(call, cancellationToken) is { } made)
        {
            return await AgainAsync(made, name, email, plan, cancellationToken);
        }

        var now = time.GetUtcNow();
        var tenant = new TenantId(Guid.CreateVersion7(now));
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = tenant.Value,
                name,
                plan,
                wrappedKey = keys.CreateWrapped(tenant),
                now,
            },
            cancellationToken
        );
        // Nobody is in it: what capabilities put into it is nobody's.
        var nobody = new Principal(
            tenant,
            Guid.Empty,
            Guid.Empty,
            SessionId: null,
            Role.Owner,
            Email: "",
            Name: "",
            name,
            plan
        );
        foreach (var follower in followers)
        {
            await follower.CreatedAsync(session, nobody, cancellationToken);
        }

        var (row, url) = Invitation(email, now, out var hash);
        try
        {
            await InvitationStore.InsertOfOwnerAsync(session, row, hash, call, cancellationToken);
        }
        catch (PostgresException taken)
            when (taken is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: InvitationStore.CallIndex })
        {
            // The same call, a moment earlier; it waited for that one to end.
            return await FindMadeAsync(call!, cancellationToken) is { } first
                ? await AgainAsync(first, name, email, plan, cancellationToken)
                : throw new InvalidOperationException("What a call made went away at once.", taken);
        }

        await session.CommitAsync(cancellationToken);
        Log.TenantCreated(logger, tenant.Value, plan);
        return new CreationOutcome.Invited(tenant, name, plan, row, url, await SendAsync(name, email, url));
    }

    /// <summary>A new link for an organisation without an owner; links from before stop.</summary>
    public async Task<CreationOutcome> InviteAsync(Guid id, string address, CancellationToken cancellationToken)
    {
        if (EmailAddress.Normalize(address) is not { } email)
        {
            return new CreationOutcome.Invalid("email", "This is not an e-mail address.");
        }

        var tenant = new TenantId(id);
        if (tenant == DecoyOrganisation.Id)
        {
            // It is nobody's by design: an owner of it would be in whatever attacks are tried on.
            return new CreationOutcome.NotFound();
        }

        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (await session.FindAsync<MadeRow>(StateSql, new { tenant = id, email }, cancellationToken) is not { } found)
        {
            return new CreationOutcome.NotFound();
        }

        if (found.HasOwner)
        {
            return new CreationOutcome.HasOwner();
        }

        if (found.IsOthers)
        {
            return new CreationOutcome.HasPeople();
        }

        var (row, url) = Invitation(email, time.GetUtcNow(), out var hash);
        await InvitationStore.InsertOfOwnerAsync(session, row, hash, call: null, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return new CreationOutcome.Invited(
            tenant,
            found.Name,
            found.Plan,
            row,
            url,
            await SendAsync(found.Name, email, url)
        );
    }

    private Task<MadeRow?> FindMadeAsync(byte[] call, CancellationToken cancellationToken) =>
        doors.FindAsync<MadeRow>(MadeSql, new { call }, cancellationToken);

    private async Task<CreationOutcome> AgainAsync(
        MadeRow made,
        string name,
        string email,
        string plan,
        CancellationToken cancellationToken
    ) =>
        (made.Name, made.Email, made.Plan) == (name, email, plan)
            ? await InviteAsync(made.TenantId, email, cancellationToken)
            : new CreationOutcome.KeyReused();

    private (InvitationStore.InvitationRow Row, string Url) Invitation(
        string email,
        DateTimeOffset now,
        out byte[] hash
    )
    {
        var token = SecretText.Create("ci_");
        hash = SecretText.HashOf(token);
        return (
            new InvitationStore.InvitationRow(
                Guid.CreateVersion7(now),
                email,
                Role.Owner,
                InvitedBy: null,
                now,
                now + Life
            ),
            $"{settings.PublicUrl}/invite?token={Uri.EscapeDataString(token)}"
        );
    }

    private async Task<bool> SendAsync(string name, string email, string url)
    {
        if (!mailSettings.IsPossible)
        {
            return false;
        }

        try
        {
            await mail.SendAsync(
                new Letter(
                    email,
                    $"{name} on Chancery is yours",
                    $"""
                    {name} was made for you at {settings.PublicUrl}, and you are to be its owner.

                    Come in here, within seven days:

                    {url}

                    The link works once. If you expect no such letter, do nothing: then nobody comes in.

                    """
                ),
                // It is made by now, whether the caller is still there or not.
                CancellationToken.None
            );
            return true;
        }
        catch (MailException exception)
        {
            Log.OwnerInvitationNotSent(logger, exception);
            return false;
        }
    }
}
