using Chancery.Server.Access.SignUp;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Decoys;

/// <summary>
/// An organisation of the installation that nobody belongs to and nobody can sign in to: what others try to read of in vain, in place of a
/// real neighbour. It is bound by row-level security as all are. Safe for concurrent use.
/// </summary>
public sealed class DecoyOrganisation(
    TenantDatabase database,
    TenantKeys keys,
    IEnumerable<ITenantCreated> followers,
    TimeProvider time
)
{
    /// <summary>Always the same, so that there is one at most.</summary>
    public static readonly TenantId Id = new(new Guid("01900000-0000-8000-8000-00000000dec0"));

    public const string Name = "Decoy of the red team";

    private static readonly Guid Nobody = new("01900000-0000-8000-8000-00000000dec1");

    private const string LockSql = "SELECT pg_advisory_xact_lock(hashtext('chancery.decoy'))";

    private const string FindSql = "SELECT 1 FROM tenants WHERE tenant_id = @tenant";

    private const string InsertSql = """
        INSERT INTO tenants (tenant_id, name, plan, wrapped_key, created_at)
        VALUES (@tenant, @name, @plan, @wrappedKey, @now)
        """;

    /// <summary>The server itself, within that organisation alone.</summary>
    internal static Principal Keeper { get; } =
        new(Id, Nobody, Nobody, SessionId: null, Role.Owner, Email: "", Name, Name, SignUpService.OwnPlan);

    /// <summary>Makes it where it is not there yet.</summary>
    /// <returns>The server itself, within that organisation alone.</returns>
    internal async Task<Principal> EnsureAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(Keeper, cancellationToken);
        await session.ExecuteAsync(LockSql, null, cancellationToken);
        if (await session.FindAsync<int?>(FindSql, new { tenant = Id.Value }, cancellationToken) is not null)
        {
            return Keeper;
        }

        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = Id.Value,
                name = Name,
                plan = SignUpService.OwnPlan,
                wrappedKey = keys.CreateWrapped(Id),
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        foreach (var follower in followers)
        {
            await follower.CreatedAsync(session, Keeper, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return Keeper;
    }
}
