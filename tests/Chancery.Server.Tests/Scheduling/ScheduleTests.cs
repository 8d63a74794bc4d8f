using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Quartz;

namespace Chancery.Server.Tests.Scheduling;

public sealed class ScheduleTests(ScheduleTests.Fixture chancery) : IClassFixture<ScheduleTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_are_kept_in_the_database_with_the_time_that_the_settings_say()
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);

        var cron = await Eventually(
            () =>
                connection.QuerySingleOrDefaultAsync<string>(
                    "SELECT cron_expression FROM qrtz_cron_triggers WHERE trigger_name = 'old-work'"
                ),
            found => found is not null
        );

        Assert.Equal(Fixture.OldWorkCron, cron);
    }

    [Fact]
    public async Task Servers_on_one_database_are_one_cluster_and_keep_each_job_once()
    {
        await chancery.StartReplicaAsync();
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);

        var servers = await Eventually(
            () => connection.QuerySingleAsync<long>("SELECT count(*) FROM qrtz_scheduler_state"),
            count => count >= 2
        );
        var jobs = await connection.QuerySingleAsync<long>(
            "SELECT count(*) FROM qrtz_job_details WHERE job_name = 'old-work'"
        );

        Assert.True(servers >= 2, $"{servers} servers in the cluster");
        Assert.Equal(1, jobs);
    }

    [Fact]
    public async Task A_due_job_visits_every_tenant_once_though_two_servers_wait_for_it()
    {
        await chancery.StartReplicaAsync();
        var tenants = new[] { await chancery.GivenTenantAsync(), await chancery.GivenTenantAsync() };
        Visits.Clear();
        var factory = chancery.Services.GetRequiredService<ISchedulerFactory>();
        var scheduler = await factory.GetScheduler(Cancel);
        await Eventually(
            async () => await scheduler.GetJobDetail(new JobKey("visit", "tenants"), Cancel),
            found => found is not null
        );

        await scheduler.TriggerJob(new JobKey("visit", "tenants"), Cancel);

        await Eventually(() => Task.FromResult(Visits.Of(tenants[1])), count => count > 0);
        await Task.Delay(500, Cancel);
        Assert.All(tenants, tenant => Assert.Equal(1, Visits.Of(tenant)));
    }

    [Fact]
    public async Task One_tenants_failure_does_not_keep_the_others_waiting()
    {
        var first = await chancery.GivenTenantAsync();
        var second = await chancery.GivenTenantAsync();
        Visits.Clear();
        Visits.FailFor(first);

        var failed = await chancery.Services.GetRequiredService<TenantJobRunner>().RunAsync("visit", Cancel);

        Assert.Equal(1, failed);
        Assert.Equal(1, Visits.Of(second));
    }

    [Fact]
    public async Task Work_that_ended_long_ago_is_forgotten_and_running_it_twice_changes_nothing()
    {
        var tenant = await chancery.GivenTenantAsync();
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(
            """
            INSERT INTO work_items (tenant_id, work_id, kind, subject, state, run_after, created_at, finished_at)
            SELECT @tenant, gen_random_uuid(), kind, '{}', state, now(), now(), now() - age
            FROM (VALUES ('old', 'done', interval '8 days'), ('fresh', 'done', interval '1 day'),
                         ('failed', 'failed', interval '8 days'), ('waiting', 'queued', interval '90 days'))
              AS given (kind, state, age)
            """,
            new { tenant = tenant.Value }
        );
        var runner = chancery.Services.GetRequiredService<TenantJobRunner>();

        await runner.RunAsync("old-work", Cancel);
        await runner.RunAsync("old-work", Cancel);

        var left = await connection.QueryAsync<string>(
            "SELECT kind FROM work_items WHERE tenant_id = @tenant ORDER BY kind",
            new { tenant = tenant.Value }
        );
        Assert.Equal(["failed", "fresh", "waiting"], left);
    }

    [Fact]
    public async Task Sign_ins_and_invitations_that_ended_a_week_ago_are_removed_and_others_stay()
    {
        var tenant = await chancery.GivenTenantAsync();
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(
            """
            INSERT INTO sessions (tenant_id, session_id, user_id, secret_hash, kind, device, created_at, authenticated_at,
                                  last_seen_at, expires_at, revoked_at)
            SELECT @tenant, gen_random_uuid(), gen_random_uuid(), '', 'token', device, now(), now(), now(),
                   now() + expires, now() + revoked
            FROM (VALUES ('ended', interval '-8 days', NULL), ('ended lately', interval '-1 day', NULL),
                         ('revoked', interval '9 days', interval '-8 days'), ('running', interval '9 days', NULL))
              AS given (device, expires, revoked);
            INSERT INTO refresh_tokens (tenant_id, token_hash, session_id, issued_at, expires_at)
            SELECT @tenant, decode(md5(device), 'hex'), session_id, now(), now() + interval '9 days'
            FROM sessions WHERE tenant_id = @tenant;
            INSERT INTO invitations (tenant_id, invitation_id, email, role, token_hash, invited_by, created_at, expires_at)
            SELECT @tenant, gen_random_uuid(), email, 'viewer', decode(md5(email || @tenant), 'hex'),
                   gen_random_uuid(), now(), now() + expires
            FROM (VALUES ('ended', interval '-8 days'), ('open', interval '1 day')) AS given (email, expires);
            """,
            new { tenant = tenant.Value }
        );

        await chancery.Services.GetRequiredService<TenantJobRunner>().RunAsync("expired-sign-ins", Cancel);

        var left = await connection.QueryAsync<string>(
            """
            SELECT device FROM sessions WHERE tenant_id = @tenant
            UNION ALL SELECT 'invitation ' || email FROM invitations WHERE tenant_id = @tenant
            UNION ALL SELECT 'tokens ' || count(*) FROM refresh_tokens WHERE tenant_id = @tenant
            ORDER BY 1
            """,
            new { tenant = tenant.Value }
        );
        Assert.Equal(["ended lately", "invitation open", "running", "tokens 2"], left);
    }

    [Fact]
    public async Task A_job_that_this_version_does_not_know_is_left_alone()
    {
        var failed = await chancery.Services.GetRequiredService<TenantJobRunner>().RunAsync("from-tomorrow", Cancel);

        Assert.Equal(0, failed);
    }

    private static async Task<T> Eventually<T>(Func<Task<T>> look, Func<T, bool> isThere)
    {
        var until = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var found = await look();
            if (isThere(found) || TimeProvider.System.GetElapsedTime(until) > TimeSpan.FromSeconds(60))
            {
                Assert.True(isThere(found), $"still {found} after 60 s");
                return found;
            }

            await Task.Delay(50, Cancel);
        }
    }

    public sealed class Fixture : ChanceryFixture
    {
        public const string OldWorkCron = "0 0 4 1 1 ?";

        public Fixture()
        {
            Settings["SCHEDULER"] = "on";
            Settings["SCHEDULE_OLD_WORK"] = OldWorkCron;
            ConfigureServices = services => services.AddTenantJob<Visits>("visit", "0 0 5 1 1 ?");
        }

        public async Task<TenantId> GivenTenantAsync()
        {
            var tenant = Guid.CreateVersion7();
            await using var connection = await Owner.OpenConnectionAsync(Cancel);
            await connection.ExecuteAsync(
                "INSERT INTO tenants (tenant_id, name, plan, wrapped_key, created_at) VALUES (@tenant, 'T', 'OWN', '', now())",
                new { tenant }
            );
            return new TenantId(tenant);
        }
    }

    public sealed class Visits : ITenantJob
    {
        private static readonly Lock Gate = new();
        private static readonly Dictionary<Guid, int> Seen = [];
        private static Guid _failing;

        public Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
        {
            lock (Gate)
            {
                if (tenant.Value == _failing)
                {
                    throw new InvalidOperationException("This tenant's turn fails.");
                }

                Seen[tenant.Value] = Seen.GetValueOrDefault(tenant.Value) + 1;
            }

            return Task.CompletedTask;
        }

        public static void Clear()
        {
            lock (Gate)
            {
                Seen.Clear();
                _failing = Guid.Empty;
            }
        }

        public static void FailFor(TenantId tenant)
        {
            lock (Gate)
            {
                _failing = tenant.Value;
            }
        }

        public static int Of(TenantId tenant)
        {
            lock (Gate)
            {
                return Seen.GetValueOrDefault(tenant.Value);
            }
        }
    }
}
