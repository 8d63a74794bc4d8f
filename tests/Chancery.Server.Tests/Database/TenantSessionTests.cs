using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Dapper;
using Npgsql;

namespace Chancery.Server.Tests.Database;

public sealed class TenantSessionTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private readonly TenantId _acme = new(Guid.CreateVersion7());
    private readonly TenantId _globex = new(Guid.CreateVersion7());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_sees_its_own_tenant_and_no_other()
    {
        await GivenWorkAsync(_acme);
        await GivenWorkAsync(_globex);
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);

        await using var session = await new TenantDatabase(pool).OpenAsync(_acme, Cancel);
        var seen = await session.QueryAsync<Guid>("SELECT tenant_id FROM work_items", null, Cancel);

        Assert.Equal([_acme.Value], seen);
    }

    [Fact]
    public async Task A_session_bound_to_no_tenant_sees_no_row_of_any_table()
    {
        await GivenWorkAsync(_acme);
        await GivenTenantAsync(_acme);
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var connection = await pool.OpenConnectionAsync(Cancel);
        var tables = await connection.QueryAsync<string>(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity"
        );

        var seen = new List<string>();
        foreach (var table in tables)
        {
            // Counts nothing but rows: some columns are not granted.
            if (await connection.ExecuteScalarAsync<bool>($"SELECT EXISTS (SELECT FROM \"{table}\")"))
            {
                seen.Add(table);
            }
        }

        Assert.Empty(seen);
    }

    [Fact]
    public async Task A_pooled_connection_forgets_the_tenant_it_served()
    {
        // One physical connection, and no reset between uses: what a transaction pooler gives us.
        await using var pool = NpgsqlDataSource.Create(
            chancery.Storage.AppConnectionString + ";Maximum Pool Size=1;No Reset On Close=true"
        );
        await using (
            var session = await new TenantDatabase(pool).OpenAsync(
                _acme,
                Guid.CreateVersion7(),
                Reader.Everything,
                Cancel
            )
        )
        {
            await session.CommitAsync(Cancel);
        }

        await using var next = pool.CreateCommand(
            "SELECT coalesce(current_tenant()::text, 'none') || coalesce(current_principal()::text, 'none') || reads_everything()"
        );
        Assert.Equal("nonenonefalse", await next.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task A_session_that_was_only_opened_has_asked_nothing_of_the_database()
    {
        var name = $"opened-{Guid.CreateVersion7():n}";
        await using var pool = NpgsqlDataSource.Create(
            $"{chancery.Storage.AppConnectionString};Application Name={name}"
        );
        await using var session = await new TenantDatabase(pool).OpenAsync(_acme, Cancel);

        var before = await StateOfAsync(name);
        await session.FindAsync<int>("SELECT 1", null, Cancel);
        var after = await StateOfAsync(name);

        Assert.Equal(("idle", "idle in transaction"), (before, after));
    }

    [Theory]
    [InlineData("query")]
    [InlineData("find")]
    [InlineData("execute")]
    [InlineData("several statements in one text")]
    public async Task Whatever_comes_first_is_bound_and_answers_as_it_would_later(string first)
    {
        await GivenWorkAsync(_acme);
        await GivenWorkAsync(_globex);
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var session = await new TenantDatabase(pool).OpenAsync(_acme, Cancel);
        var both = new { tenants = new[] { _acme.Value, _globex.Value }, kind = (string?)null };

        Task<int> FirstAsync() =>
            first switch
            {
                "query" => CountAsync(),
                "find" => session.FindAsync<int>(
                    "SELECT count(*)::int FROM work_items WHERE tenant_id = ANY(@tenants) AND @kind::text IS NULL",
                    both,
                    Cancel
                ),
                "execute" => session.ExecuteAsync(
                    "UPDATE work_items SET kind = coalesce(@kind, kind) WHERE tenant_id = ANY(@tenants)",
                    both,
                    Cancel
                ),
                _ => session.ExecuteAsync(
                    "SELECT 1; UPDATE work_items SET kind = coalesce(@kind, kind) WHERE tenant_id = ANY(@tenants);",
                    both,
                    Cancel
                ),
            };
        async Task<int> CountAsync() =>
            (
                await session.QueryAsync<Guid>(
                    "SELECT work_id FROM work_items WHERE tenant_id = ANY(@tenants) AND @kind::text IS NULL",
                    both,
                    Cancel
                )
            ).Count;

        Assert.Equal((1, 1, 1), (await FirstAsync(), await FirstAsync(), await CountAsync()));
    }

    [Fact]
    public async Task A_first_statement_that_never_left_takes_no_binding_from_the_next()
    {
        await GivenWorkAsync(_acme);
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var session = await new TenantDatabase(pool).OpenAsync(_acme, Cancel);

        // Half a character has no UTF-8.
        await Assert.ThrowsAnyAsync<ArgumentException>(() =>
            session.FindAsync<string>("SELECT @half", new { half = "\ud800" }, Cancel)
        );

        Assert.Equal([_acme.Value], await session.QueryAsync<Guid>("SELECT tenant_id FROM work_items", null, Cancel));
    }

    [Fact]
    public async Task A_first_statement_that_the_database_refuses_says_why_and_ends_the_transaction()
    {
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using (var session = await new TenantDatabase(pool).OpenAsync(_acme, Cancel))
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() =>
                session.QueryAsync<int>("SELECT 1 FROM nowhere", null, Cancel)
            );
            var next = await Assert.ThrowsAsync<PostgresException>(() =>
                session.FindAsync<int>("SELECT 1", null, Cancel)
            );

            Assert.Equal(PostgresErrorCodes.UndefinedTable, refused.SqlState);
            Assert.Equal(PostgresErrorCodes.InFailedSqlTransaction, next.SqlState);
        }

        await using var after = await new TenantDatabase(pool).OpenAsync(_acme, Cancel);
        Assert.Equal(1, await after.FindAsync<int>("SELECT 1", null, Cancel));
    }

    [Fact]
    public async Task A_statement_whose_binding_fails_is_not_run()
    {
        const long mark = 20_260_701;
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var connection = await pool.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await using var batch = new NpgsqlBatch(connection, transaction);
        var binding = new Binding(_acme, null, Reader.Everything).ToCommand();
        // PostgreSQL has no text with a zero in it.
        binding.Parameters[0].Value = "\0";
        batch.BatchCommands.Add(binding);
        // A lock of the connection, which outlives its transaction.
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"SELECT pg_advisory_lock({mark})"));

        await Assert.ThrowsAsync<PostgresException>(() => batch.ExecuteNonQueryAsync(Cancel));

        await using var owner = await chancery.Owner.OpenConnectionAsync(Cancel);
        Assert.False(
            await owner.ExecuteScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = @mark)",
                new { mark }
            )
        );
    }

    [Fact]
    public async Task A_session_cannot_write_a_row_for_another_tenant()
    {
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var session = await new TenantDatabase(pool).OpenAsync(_acme, Cancel);

        var refused = await Assert.ThrowsAsync<PostgresException>(() =>
            session.ExecuteAsync(
                """
                INSERT INTO work_items (tenant_id, work_id, kind, subject, run_after, created_at)
                VALUES (@tenant, gen_random_uuid(), 'x', '{}', now(), now())
                """,
                new { tenant = _globex.Value },
                Cancel
            )
        );

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task A_session_cannot_change_or_remove_another_tenants_rows()
    {
        await GivenWorkAsync(_globex);
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var session = await new TenantDatabase(pool).OpenAsync(_acme, Cancel);

        var changed = await session.ExecuteAsync(
            "UPDATE work_items SET kind = 'stolen' WHERE tenant_id = @tenant",
            new { tenant = _globex.Value },
            Cancel
        );
        var removed = await session.ExecuteAsync(
            "DELETE FROM work_items WHERE tenant_id = @tenant",
            new { tenant = _globex.Value },
            Cancel
        );

        Assert.Equal((0, 0), (changed, removed));
    }

    [Fact]
    public async Task Copying_into_a_tenant_table_is_refused_by_the_database()
    {
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var session = await new TenantDatabase(pool).OpenAsync(_acme, Cancel);

        var refused = await Assert.ThrowsAsync<PostgresException>(() =>
            session.ExecuteAsync("COPY work_items (tenant_id, work_id) FROM STDIN (FORMAT binary)", null, Cancel)
        );

        Assert.Equal(PostgresErrorCodes.FeatureNotSupported, refused.SqlState);
    }

    [Fact]
    public async Task The_application_cannot_become_the_owner_or_read_past_the_walls()
    {
        await using var pool = NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var connection = await pool.OpenConnectionAsync(Cancel);

        foreach (
            var attempt in new[]
            {
                "SET ROLE chancery_owner",
                "ALTER TABLE work_items DISABLE ROW LEVEL SECURITY",
                "DROP POLICY tenant_only ON work_items",
                "CREATE TABLE public.mine (x int)",
                "SELECT password_hash FROM users",
                "SELECT protect_tenant_table('users')",
                "TRUNCATE work_items",
            }
        )
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync(attempt));
            Assert.True(refused.SqlState == PostgresErrorCodes.InsufficientPrivilege, $"{attempt}: {refused.Message}");
        }
    }

    private async Task<string?> StateOfAsync(string application)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await connection.ExecuteScalarAsync<string>(
            "SELECT state FROM pg_stat_activity WHERE application_name = @application",
            new { application }
        );
    }

    private async Task GivenTenantAsync(TenantId tenant) =>
        await OwnerAsync(
            "INSERT INTO tenants (tenant_id, name, plan, wrapped_key, created_at) VALUES (@tenant, 'T', 'OWN', '', now())",
            tenant
        );

    private async Task GivenWorkAsync(TenantId tenant) =>
        await OwnerAsync(
            """
            INSERT INTO work_items (tenant_id, work_id, kind, subject, run_after, created_at)
            VALUES (@tenant, gen_random_uuid(), 'x', '{}', now() + interval '1 year', now())
            """,
            tenant
        );

    private async Task OwnerAsync(string sql, TenantId tenant)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(sql, new { tenant = tenant.Value });
    }
}
