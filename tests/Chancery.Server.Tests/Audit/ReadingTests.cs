using System.Net;
using System.Text.Json;
using Chancery.Server.Audit;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Audit.Retention;
using Chancery.Server.Audit.Verifying;
using Chancery.Server.Platform.Database;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Audit;

/// <summary>Finding, exporting, erasing and letting go of entries.</summary>
public sealed class ReadingTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("editor")]
    [InlineData("viewer")]
    public async Task Only_owners_and_admins_read_the_record(string role)
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, role);
        var ada = await chancery.InviteAsync(olga, "admin");

        foreach (
            var path in new[] { "/api/v1/audit", "/api/v1/audit/export", "/api/v1/audit/heads", "/api/v1/audit/live" }
        )
        {
            using var refused = await ina.Http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
            Assert.Equal("forbidden", await refused.CodeAsync(HttpStatusCode.Forbidden));
        }

        await FindAsync(ada, "");
    }

    [Fact]
    public async Task A_key_for_the_record_alone_reads_it_and_nothing_else()
    {
        var olga = await chancery.SignUpAsync();
        var made = await (
            await olga.Http.PostAsync(
                "/api/v1/keys",
                new
                {
                    name = "siem",
                    role = "admin",
                    scopes = new[] { "audit:read" },
                }
            )
        ).ReadAsync(HttpStatusCode.Created);
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("X-API-Key", made.GetProperty("key").GetString());

        using var record = await client.GetAsync(new Uri("/api/v1/audit", UriKind.Relative), Cancel);
        using var members = await client.GetAsync(new Uri("/api/v1/members", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.OK, record.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, members.StatusCode);
    }

    [Fact]
    public async Task Entries_are_found_by_what_who_on_what_when_how_and_words_and_page_by_page()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.GivenEntriesAsync(olga.TenantId, 12);
        await chancery.GivenEntriesAsync(olga.TenantId, 3, at: TimeProvider.System.GetUtcNow().AddDays(-30));
        var until = Uri.EscapeDataString($"{TimeProvider.System.GetUtcNow().AddDays(-1):O}");

        Assert.Equal(16, (await FindAsync(olga, "limit=100")).Count);
        Assert.Equal(15, (await FindAsync(olga, "action=document.deleted&limit=100")).Count);
        Assert.Equal(15, (await FindAsync(olga, "action=document.&limit=100")).Count);
        Assert.Empty(await FindAsync(olga, "action=doc&limit=100"));
        Assert.Equal(15, (await FindAsync(olga, $"actor={AuditApi.Person}&limit=100")).Count);
        Assert.Equal(15, (await FindAsync(olga, "actor=OLGA%40example&limit=100")).Count);
        Assert.Equal(2, (await FindAsync(olga, "subject=document-2&limit=100")).Count);
        Assert.Equal(15, (await FindAsync(olga, "subject=document&limit=100")).Count);
        Assert.Empty(await FindAsync(olga, "outcome=failed"));
        Assert.Equal(3, (await FindAsync(olga, $"to={until}")).Count);
        Assert.Equal(13, (await FindAsync(olga, $"from={until}&limit=100")).Count);
        Assert.Equal(15, (await FindAsync(olga, "text=203.0.113.7&limit=100")).Count);
        Assert.Single(await FindAsync(olga, "text=%22number%22%3A11"));
        // Nothing in it is a pattern.
        Assert.Empty(await FindAsync(olga, "text=%25"));
        Assert.Empty(await FindAsync(olga, "text=document_deleted"));

        var seen = new List<long>();
        var cursor = "";
        do
        {
            var page = await (
                await olga.Http.GetAsync(new Uri($"/api/v1/audit?limit=5{cursor}", UriKind.Relative), Cancel)
            ).ReadAsync();
            seen.AddRange(
                page.GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("seq").GetInt64())
            );
            cursor = page.TryGetProperty("next_cursor", out var next) ? $"&cursor={next.GetString()}" : "";
        } while (cursor.Length > 0);

        Assert.Equal(Enumerable.Range(1, 16).Reverse().Select(seq => (long)seq), seen);
    }

    [Theory]
    [InlineData("outcome=nice", "outcome")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("limit=0", "limit")]
    [InlineData("from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "to")]
    public async Task What_is_asked_wrongly_is_refused_by_field(string query, string field)
    {
        var olga = await chancery.SignUpAsync();

        using var refused = await olga.Http.GetAsync(new Uri($"/api/v1/audit?{query}", UriKind.Relative), Cancel);

        var problem = await refused.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
    }

    [Fact]
    public async Task The_record_of_another_organisation_is_not_there()
    {
        var olga = await chancery.SignUpAsync();
        var neighbour = await chancery.SignUpAsync();
        await chancery.GivenEntriesAsync(neighbour.TenantId, 3);

        var found = await FindAsync(olga, "limit=100");
        var lines = await ExportAsync(olga, "jsonl");

        Assert.Equal(["organization.created"], found.Select(entry => entry.GetProperty("action").GetString()));
        Assert.DoesNotContain(lines, line => line.ToString().Contains(neighbour.Email, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_export_has_every_entry_as_search_shows_it_oldest_first_and_is_an_entry_itself()
    {
        var olga = await chancery.SignUpAsync();
        // More than a page of it.
        await chancery.AsOwnerAsync(
            """
            INSERT INTO audit_inbox (tenant_id, entry_id, at, action, outcome, actor_kind, repeats, person_id, name, email, address)
            SELECT @tenant, gen_random_uuid(), now(), 'test.happened', 'succeeded', 'server', 1, @nobody, '', '', ''
            FROM generate_series(1, 1200)
            """,
            new { tenant = olga.TenantId, nobody = Guid.Empty }
        );

        var lines = await ExportAsync(olga, "jsonl");
        var newest = await FindAsync(olga, "limit=2");

        Assert.Equal(
            Enumerable.Range(1, 1201).Select(seq => (long)seq),
            lines.Select(line => line.GetProperty("seq").GetInt64())
        );
        Assert.Equal("audit.exported", newest[0].GetProperty("action").GetString());
        Assert.Equal("""{"format":"jsonl","through":"1201"}""", newest[0].GetProperty("details").ToString());
        Assert.Equal(newest[1].ToString(), lines[^1].ToString());
    }

    [Fact]
    public async Task Events_of_OCSF_have_what_their_classes_require()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        await (
            await client.PostAsync("/api/v1/auth/login", new { email = olga.Email, password = olga.Password })
        ).ReadAsync();
        using var changed = await olga.Http.PostAsync(
            "/api/v1/me/password",
            new Dictionary<string, string> { ["current"] = olga.Password, ["new"] = "quite another pass phrase" }
        );
        await chancery.GivenEntriesAsync(olga.TenantId, 1);
        using var refused = await olga.Http.DeleteAsync(
            new Uri($"/api/v1/keys/{Guid.CreateVersion7()}", UriKind.Relative),
            Cancel
        );

        var events = await ExportAsync(olga, "ocsf");

        foreach (var one in events)
        {
            var (kind, activity) = (one.GetProperty("class_uid").GetInt32(), one.GetProperty("activity_id").GetInt32());
            Assert.Equal(kind / 1000, one.GetProperty("category_uid").GetInt32());
            Assert.Equal(kind * 100 + activity, one.GetProperty("type_uid").GetInt64());
            Assert.True(one.GetProperty("time").GetInt64() > 1_700_000_000_000);
            Assert.InRange(one.GetProperty("severity_id").GetInt32(), 1, 6);
            Assert.Equal("1.3.0", one.GetProperty("metadata").GetProperty("version").GetString());
            Assert.Equal(
                "Chancery",
                one.GetProperty("metadata").GetProperty("product").GetProperty("vendor_name").GetString()
            );
            Assert.True(one.GetProperty("actor").GetProperty("user").TryGetProperty("uid", out _));
            Assert.True(one.GetProperty("src_endpoint").EnumerateObject().Any());
            if (kind == 6003)
            {
                Assert.False(string.IsNullOrEmpty(one.GetProperty("api").GetProperty("operation").GetString()));
            }
            else
            {
                Assert.True(one.GetProperty("user").TryGetProperty("uid", out _));
                Assert.Equal("Chancery", one.GetProperty("service").GetProperty("name").GetString());
            }
        }

        Assert.Equal(
            [(6003, 1), (3002, 1), (3001, 3), (6003, 4), (6003, 4)],
            events.Select(one => (one.GetProperty("class_uid").GetInt32(), one.GetProperty("activity_id").GetInt32()))
        );
        Assert.Equal([1, 1, 1, 1, 2], events.Select(one => one.GetProperty("status_id").GetInt32()));
    }

    [Fact]
    public async Task Whoever_is_removed_is_named_no_more_and_the_chain_still_holds_and_says_so()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "editor");
        await (await ina.Http.PostAsync("/api/v1/collections", new { name = "Mine" })).ReadAsync(
            HttpStatusCode.Created
        );

        using var removed = await olga.Http.DeleteAsync(
            new Uri($"/api/v1/members/{ina.UserId}", UriKind.Relative),
            Cancel
        );

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        var found = await FindAsync(olga, "limit=100");
        var hers = found.Where(entry => entry.ToString().Contains($"{ina.UserId}", StringComparison.Ordinal)).ToList();
        var acts = hers.Where(entry =>
                entry.GetProperty("actor").TryGetProperty("id", out var id) && id.GetGuid() == ina.UserId
            )
            .ToList();
        Assert.Equal(2, acts.Count);
        Assert.All(
            acts,
            entry =>
            {
                Assert.True(entry.GetProperty("erased").GetBoolean());
                Assert.False(entry.TryGetProperty("address", out _));
                Assert.False(entry.GetProperty("actor").TryGetProperty("email", out _));
            }
        );
        Assert.DoesNotContain(found, entry => entry.ToString().Contains(ina.Email, StringComparison.Ordinal));
        Assert.Contains(found, entry => entry.ToString().Contains(olga.Email, StringComparison.Ordinal));
        var report = await (await olga.Http.PostAsync("/api/v1/audit/verify", new { })).ReadAsync();
        Assert.True(report.GetProperty("is_whole").GetBoolean(), report.ToString());
        Assert.Equal(2, report.GetProperty("erased").GetInt64());
    }

    [Fact]
    public async Task Retention_lets_go_of_what_is_old_up_to_a_signed_head_and_the_rest_is_whole()
    {
        var tenant = Guid.CreateVersion7();
        var services = chancery.Services;
        var longAgo = TimeProvider.System.GetUtcNow().AddDays(-500);
        await chancery.GivenEntriesAsync(tenant, 5, at: longAgo);
        var head = await services
            .GetRequiredService<HeadStore>()
            .SignAsync(tenant, TimeProvider.System.GetUtcNow(), Cancel);
        await chancery.GivenEntriesAsync(tenant, 3);
        var retention = services.GetRequiredService<AuditRetention>();
        var clock = new MovedClock { Ahead = TimeSpan.FromDays(401) };

        // The head is of today: what it stands behind is not known to be old.
        await retention.RunAsync(new TenantId(tenant), Cancel);
        var before = (await chancery.RecordOfAsync(tenant)).Count;
        var later = new AuditRetention(
            services.GetRequiredService<TenantDatabase>(),
            services.GetRequiredService<AuditTrail>(),
            new AuditSettings(400, null),
            clock
        );
        await later.RunAsync(new TenantId(tenant), Cancel);
        await later.RunAsync(new TenantId(tenant), Cancel);

        Assert.Equal(8, before);
        Assert.Equal([6L, 7L, 8L, 9L], (await chancery.RecordOfAsync(tenant)).Select(row => row.Seq));
        var report = await ActivatorUtilities
            .CreateInstance<ChainVerifier>(services, clock)
            .VerifyAsync(services.GetRequiredService<TenantChainSource>(), tenant, [head!], Cancel);
        Assert.True(report.IsWhole, JsonSerializer.Serialize(report));
        Assert.Equal((5, 6, 5), (report.LetGoThrough, report.FirstSeq, report.ProvenThrough));
        Assert.Equal("audit.expired", (await chancery.RecordOfAsync(tenant))[^1].Action);
    }

    [Fact]
    public async Task The_applications_role_lets_go_of_nothing_of_the_last_30_days_and_nothing_unsigned()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, 2, at: TimeProvider.System.GetUtcNow().AddDays(-500));
        await chancery.GivenEntriesAsync(tenant, 2, at: TimeProvider.System.GetUtcNow().AddDays(-29));
        await chancery
            .Services.GetRequiredService<HeadStore>()
            .SignAsync(tenant, TimeProvider.System.GetUtcNow(), Cancel);
        await using var session = await chancery
            .Services.GetRequiredService<TenantDatabase>()
            .OpenAsync(new TenantId(tenant), Cancel);

        var unsigned = await session.FindAsync<long>("SELECT forget_audit_entries(2)", null, Cancel);
        var young = await session.FindAsync<long>("SELECT forget_audit_entries(4)", null, Cancel);
        await session.CommitAsync(Cancel);

        Assert.Equal((0, 0), (unsigned, young));
        Assert.Equal(4, (await chancery.RecordOfAsync(tenant)).Count);
    }

    private static async Task<List<JsonElement>> FindAsync(TestUser user, string query) =>
        [
            .. (
                await (
                    await user.Http.GetAsync(new Uri($"/api/v1/audit?{query}", UriKind.Relative), Cancel)
                ).ReadAsync()
            )
                .GetProperty("items")
                .EnumerateArray(),
        ];

    private static async Task<List<JsonElement>> ExportAsync(TestUser user, string format)
    {
        using var answer = await user.Http.GetAsync(
            new Uri($"/api/v1/audit/export?format={format}", UriKind.Relative),
            Cancel
        );
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.Equal("application/x-ndjson", answer.Content.Headers.ContentType?.MediaType);
        return
        [
            .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize<JsonElement>(line)),
        ];
    }
}
