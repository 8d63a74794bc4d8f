using Npgsql;

namespace Chancery.Server.Platform.Database;

/// <summary>Whom a transaction serves: what the policies of every table ask for.</summary>
/// <remarks>
/// It goes to PostgreSQL in one batch with the transaction's first statement, ahead of it. PostgreSQL takes a batch in order and
/// drops the rest of it when a part fails, so that no statement runs without its binding; the wait for an answer of its own is saved.
/// </remarks>
internal sealed record Binding(TenantId Tenant, Guid? PrincipalId, Reader Reader)
{
    // `true` makes the binding die with the transaction, so that a pooled connection forgets whom it served. The policies of
    // documents make statements look dear enough to be compiled, which took four times as long as the longest of them.
    private const string Sql = """
        SELECT set_config('chancery.tenant', $1, true), set_config('chancery.principal', $2, true),
               set_config('chancery.reader', $3, true), set_config('jit', 'off', true)
        """;

    public NpgsqlBatchCommand ToCommand() =>
        new(Sql)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = Tenant.Value.ToString() },
                new NpgsqlParameter<string> { TypedValue = PrincipalId?.ToString() ?? "" },
                new NpgsqlParameter<string> { TypedValue = Reader.Setting },
            },
        };
}
