using System.Formats.Tar;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Prompts;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.Lifecycle;

/// <summary>An organisation leaves one installation as an archive, and comes into another; or nothing of it does.</summary>
public sealed class ArchiveTests(ArchiveTests.Pair pair) : IClassFixture<ArchiveTests.Pair>
{
    private const string Passphrase = "correct horse battery";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ChanceryFixture Here => pair.Source;

    private ChanceryFixture There => pair.Target;

    [Fact]
    public async Task An_organisation_comes_in_whole_and_works()
    {
        var olga = await Here.SignUpAsync("Acme");
        var ina = await Here.InviteAsync(olga, "viewer");
        var document = await olga.ReadyTextAsync(
            "# Birds\n\nThe lapwing is ringed in May, when it is quiet.",
            "birds.md"
        );
        await ina.PostAsync("/api/v1/chat", new { question = "When is the lapwing ringed?", stream = false });
        var (key, keyId) = await olga.CreateKeyAsync();
        await SignHeadsAsync(Here, olga.TenantId);

        var archive = await ExportAsync(olga);
        var made = await (await ImportAsync(archive)).ReadAsync(HttpStatusCode.Created);

        Assert.Equal(2, made.GetProperty("accounts").GetInt32());
        Assert.Equal(olga.TenantId, made.GetProperty("tenant_id").GetGuid());
        // No password came along: a link to the address sets one.
        using var anonymous = There.Anonymous();
        var signIn = new { email = olga.Email, password = olga.Password };
        Assert.Equal(
            "invalid-credentials",
            await (await anonymous.PostAsync("/api/v1/auth/login", signIn)).CodeAsync(HttpStatusCode.Unauthorized)
        );
        using var owner = await SignInAsync(There, olga);
        var found = await (await owner.PostAsync("/api/v1/search", new { query = "lapwing" })).ReadAsync();
        Assert.Equal(document.Id(), found.Results()[0].GetProperty("document_id").GetGuid());
        var answer = await (
            await owner.PostAsync("/api/v1/chat", new { question = "When is the lapwing ringed?", stream = false })
        ).ReadAsync();
        Assert.NotEmpty(answer.GetProperty("citations").EnumerateArray());
        Assert.Equal(
            "# Birds\n\nThe lapwing is ringed in May, when it is quiet.",
            await owner.GetStringAsync($"/api/v1/docs/{document.Id()}/versions/1/content", Cancel)
        );
        // A conversation is still its own person's only.
        using var viewer = await SignInAsync(There, ina);
        Assert.Single((await (await viewer.GetAsync("/api/v1/conversations", Cancel)).ReadAsync()).Items());
        // A key's old secret fits nothing; rotated, it is the same key.
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(There.Address, key));
        var rotated = await (await owner.PostAsync($"/api/v1/keys/{keyId}/rotate", new { })).ReadAsync();
        Assert.Equal(
            HttpStatusCode.OK,
            await AccessApi.StatusAsync(There.Address, rotated.GetProperty("key").GetString()!)
        );
        // The record goes on where it was, and can still be verified.
        await AccessApi.EventuallyAsync(
            async () => (await ActionsAsync(There, olga.TenantId)).Contains("organization.imported"),
            TimeSpan.FromSeconds(20)
        );
        var report = await (await owner.PostAsync("/api/v1/audit/verify", new { })).ReadAsync();
        Assert.True(report.GetProperty("is_whole").GetBoolean(), report.ToString());
        Assert.True(report.GetProperty("heads").GetInt64() > 0, report.ToString());

        // A second time it is here already.
        Assert.Equal("organization-exists", await (await ImportAsync(archive)).CodeAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task An_archive_that_is_cut_changed_or_anothers_is_refused_and_nothing_is_left()
    {
        var olga = await Here.SignUpAsync("Globex");
        await olga.ReadyTextAsync("# Tides\n\nThe tide turns at noon.", "tides.md");
        var archive = await ExportAsync(olga);

        for (var part = 0; part < 20; part++)
        {
            var cut = archive[..(archive.Length * part / 20)];
            Assert.Equal(
                "archive-damaged",
                await (await ImportAsync(cut)).CodeAsync(HttpStatusCode.UnprocessableEntity)
            );
        }

        var changed = archive.ToArray();
        changed[changed.Length / 2] ^= 1;
        Assert.Equal(
            "archive-damaged",
            await (await ImportAsync(changed)).CodeAsync(HttpStatusCode.UnprocessableEntity)
        );
        Assert.Equal(
            "invalid",
            await (await ImportAsync(archive, passphrase: "another passphrase")).CodeAsync(HttpStatusCode.BadRequest)
        );
        Assert.Equal(
            "invalid",
            await (await ImportAsync(archive, plan: "NO-SUCH")).CodeAsync(HttpStatusCode.BadRequest)
        );
        await NothingIsLeftAsync(olga);
    }

    [Fact]
    public async Task What_somebody_put_together_with_the_passphrase_is_refused_too()
    {
        var olga = await Here.SignUpAsync("Initech");
        await olga.ReadyTextAsync("# Ice\n\nIce melts in March.", "ice.md");
        var archive = await ExportAsync(olga);

        async Task RefusedAsync(
            string code,
            Func<List<(string Name, byte[] Content)>, IEnumerable<(string, byte[])>> change
        )
        {
            var hostile = await SealedAsync(change(await MembersAsync(archive)));
            Assert.Equal(code, await (await ImportAsync(hostile)).CodeAsync(HttpStatusCode.UnprocessableEntity));
        }

        await RefusedAsync("archive-damaged", members => [.. members, ("../../../etc/cron.d/evil", [1])]);
        await RefusedAsync("archive-damaged", members => members.Take(members.Count - 1));
        await RefusedAsync("archive-damaged", members => members.Skip(1));
        await RefusedAsync(
            "archive-damaged",
            members => members.Select(one => (one.Name, Text(one, "Initech", "Initrode", "tables/tenants")))
        );
        await RefusedAsync(
            "archive-damaged",
            members =>
                members.Select(one =>
                    (one.Name.Replace("tables/tenants", "tables/operators", StringComparison.Ordinal), one.Content)
                )
        );
        await RefusedAsync(
            "archive-too-new",
            members => members.Select(one => (one.Name, Text(one, "\"format\":1", "\"format\":2", "header")))
        );
        await RefusedAsync(
            "archive-too-new",
            members => members.Select(one => (one.Name, Text(one, "0061_archives", "9999_archives", "header")))
        );
        // With digests that fit, too: rows that no export takes along, and rows that contradict each other.
        await RefusedAsync(
            "archive-does-not-fit",
            members =>
                Rewritten(
                    members,
                    "memberships",
                    line => line.Replace("\"owner\"", "\"emperor\"", StringComparison.Ordinal)
                )
        );
        await RefusedAsync("archive-damaged", members => Rewritten(members, "tenants", line => line + line));
        await NothingIsLeftAsync(olga);
    }

    [Theory]
    [InlineData("\"stages\":", "\"phases\":")]
    [InlineData("\"exposure\": 10000", "\"exposure\": 9999")]
    [InlineData("\"stage\": 0", "\"stage\": -1")]
    [InlineData("\"stage\": 0", "\"stage\": 2")]
    [InlineData("\"log_ratios\": [0,", "\"log_ratios\": [1e400,")]
    [InlineData("\"uses\": 0", "\"uses\": 10000000000")]
    public async Task A_rollout_that_nobody_could_look_at_does_not_come_in(string from, string to)
    {
        var olga = await Here.SignUpAsync("Cyberdyne");
        var prompt = await olga.PromptAsync("One.", $"Prompt {Guid.CreateVersion7():n}");
        await olga.PostAsync(
            $"/api/v1/prompts/{prompt}/versions",
            new { content = PromptApi.Saying("Two.") },
            HttpStatusCode.Created
        );
        object[] stages =
        [
            new
            {
                percent = 50,
                min_uses = 0,
                min_hours = 9,
                max_hours = 10,
            },
            new
            {
                percent = 100,
                min_uses = 0,
                min_hours = 0,
                max_hours = 10,
            },
        ];
        await olga.PostAsync($"/api/v1/prompts/{prompt}/rollout", new { version = 2, stages }, HttpStatusCode.Created);
        var members = await MembersAsync(await ExportAsync(olga));

        var hostile = await SealedAsync(Rewritten(members, "prompt_rollouts", ChangedIn));

        Assert.Equal(
            "archive-does-not-fit",
            await (await ImportAsync(hostile)).CodeAsync(HttpStatusCode.UnprocessableEntity)
        );
        await NothingIsLeftAsync(olga);
        Assert.Equal(HttpStatusCode.Created, (await ImportAsync(await SealedAsync(members))).StatusCode);

        string ChangedIn(string line)
        {
            var values = JsonSerializer.Deserialize<string?[]>(line)!;
            Assert.Contains(values, value => value?.Contains(from, StringComparison.Ordinal) == true);
            return JsonSerializer.Serialize(values.Select(value => value?.Replace(from, to, StringComparison.Ordinal)))
                + "\n";
        }
    }

    [Fact]
    public void Somebody_decided_about_each_kind_of_work() =>
        Assert.Equal(
            Here.Services.GetServices<IWorkHandler>().Select(handler => handler.Kind).Order(StringComparer.Ordinal),
            Here.Services.GetServices<TakenWork>()
                .Select(work => work.Kind)
                .Concat(ImportedWork.LeftBecause.Keys)
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public async Task Of_background_work_comes_in_what_the_organisation_could_have_asked_for_and_nothing_else()
    {
        var olga = await Here.SignUpAsync("Tyrell");
        var document = await olga.ReadyTextAsync("# Owls\n\nOwls are ringed in June.", "owls.md");
        await using (var connection = await Here.Owner.OpenConnectionAsync(Cancel))
        {
            await connection.ExecuteAsync(
                """
                DELETE FROM work_items WHERE tenant_id = @tenant;
                INSERT INTO work_items (tenant_id, work_id, kind, subject, run_after, created_at)
                VALUES (@tenant, gen_random_uuid(), 'vectors', '{}', now() + interval '1 day', now())
                """,
                new { tenant = olga.TenantId }
            );
        }

        var members = await MembersAsync(await ExportAsync(olga));
        var alert = new
        {
            event_ = "limit",
            at = "2026-01-01T00:00:00Z",
            organization_id = Guid.CreateVersion7(),
        };
        (string Kind, object Subject)[] hostile =
        [
            ("limit-alert", new { to = "operator", alert }),
            ("limit-alert", new { to = "organization", alert }),
            ("erase-organization", new { erasure = Guid.CreateVersion7() }),
            ("owner-letter", new { letter = Guid.CreateVersion7() }),
            ("anything", new { }),
            ("vectors", new { of = "another" }),
            ("fetch", new { document_id = document.Id() }),
            ("fetch", new { url = "http://169.254.169.254/" }),
            ("ingest", new { document_id = Guid.CreateVersion7(), version = 1 }),
            (
                "ingest",
                new
                {
                    document_id = document.Id(),
                    version = 1,
                    file = "/etc/passwd",
                }
            ),
            ("eval-run", new { run = Guid.CreateVersion7() }),
            ("red-team-run", new { run = Guid.CreateVersion7() }),
            ("model-change", new { change_id = Guid.CreateVersion7() }),
        ];
        (string Kind, object Subject)[] own = [("ingest", new { document_id = document.Id(), version = 1 })];
        var archive = await SealedAsync(
            Rewritten(
                members,
                "work_items",
                line => line + string.Concat(hostile.Concat(own).Select(one => Like(line, one.Kind, one.Subject)))
            )
        );

        var made = await (await ImportAsync(archive)).ReadAsync(HttpStatusCode.Created);

        Assert.Equal(hostile.Length, made.GetProperty("work_left").GetInt32());
        await using var there = await There.Owner.OpenConnectionAsync(Cancel);
        var kinds = (
            await there.QueryAsync<string>(
                "SELECT DISTINCT kind FROM work_items WHERE tenant_id = @tenant ORDER BY kind",
                new { tenant = olga.TenantId }
            )
        ).AsList();
        Assert.Equal(["ingest", "vectors"], kinds);
        // It is not put off as far as the archive says.
        Assert.Equal(
            0,
            await there.ExecuteScalarAsync<long>(
                "SELECT count(*) FROM work_items WHERE tenant_id = @tenant AND run_after > now() + interval '1 hour'",
                new { tenant = olga.TenantId }
            )
        );

        static string Like(string line, string kind, object subject)
        {
            var values = JsonSerializer.Deserialize<string?[]>(line)!;
            return JsonSerializer.Serialize(
                    values.Select(value =>
                        value == "vectors" ? kind
                        : value == "{}" ? JsonSerializer.Serialize(subject)
                        : Guid.TryParse(value, out _) ? $"{Guid.CreateVersion7()}"
                        : value
                    )
                ) + "\n";
        }
    }

    [Fact]
    public async Task An_archive_speaks_for_its_own_people_only()
    {
        var olga = await Here.SignUpAsync("Vandelay");
        await olga.ReadyTextAsync("# Latex\n\nLatex is imported in June.", "latex.md");
        var victim = await There.SignUpAsync("Kramerica");
        var archive = await ExportAsync(olga);

        async Task<HttpResponseMessage> WithAsync(string table, string from, string to) =>
            await ImportAsync(
                await SealedAsync(
                    Rewritten(
                        await MembersAsync(archive),
                        table,
                        lines => lines.Replace(from, to, StringComparison.Ordinal)
                    )
                )
            );

        var (own, other) = (olga.UserId.ToString(), victim.UserId.ToString());
        foreach (
            var (table, from, to) in new[]
            {
                ("memberships", own, other),
                ("memberships", own, other.ToUpperInvariant()),
                ("memberships", own, victim.UserId.ToString("N")),
                ("memberships", own, Guid.CreateVersion7().ToString()),
                ("documents", own, other),
                ("documents", own, other.ToUpperInvariant()),
                ("documents", own, $"{{{other}}}"),
                ("tenants", "\"active\"", "\"erasing\""),
            }
        )
        {
            using var refused = await WithAsync(table, from, to);
            Assert.Equal("archive-does-not-fit", await refused.CodeAsync(HttpStatusCode.UnprocessableEntity));
        }

        await NothingIsLeftAsync(olga);
        // Somebody of before, who is nobody here.
        var gone = Guid.CreateVersion7();
        using var kept = await WithAsync("documents", own, gone.ToString());
        Assert.Equal(HttpStatusCode.Created, kept.StatusCode);
        await using var connection = await There.Owner.OpenConnectionAsync(Cancel);
        Assert.Equal(
            gone,
            await connection.QuerySingleAsync<Guid>(
                "SELECT created_by FROM documents WHERE tenant_id = @tenant",
                new { tenant = olga.TenantId }
            )
        );
    }

    [Theory]
    [InlineData("[]\n", 1)]
    [InlineData("[\"1\",\"2\"]\n", 1)]
    [InlineData("[\"1\"]\n", 100_001)]
    public async Task Rows_that_no_export_writes_are_refused_as_they_are_read(string row, int times)
    {
        using var part = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(row, times))));

        var refused = await Assert.ThrowsAsync<ArchiveException>(() => ArchiveReader.RowsAsync(part, 1, Cancel));

        Assert.Equal(ArchiveFault.Damaged, refused.Fault);
    }

    [Fact]
    public async Task A_member_who_has_an_account_becomes_a_member_with_it_where_the_operator_says_so()
    {
        var olga = await Here.SignUpAsync("Umbrella");
        await olga.ReadyTextAsync("# Rain\n\nRain falls in April.", "rain.md");
        await olga.PostAsync("/api/v1/chat", new { question = "When does rain fall?", stream = false });
        using var anonymous = There.Anonymous();
        var other = await (
            await anonymous.PostAsync(
                "/api/v1/auth/signup",
                new
                {
                    email = olga.Email,
                    password = "a password of there",
                    name = "Olga There",
                    organization = "Other",
                }
            )
        ).ReadAsync(HttpStatusCode.Created);
        var here = other.GetProperty("user").GetProperty("id").GetGuid();
        var archive = await ExportAsync(olga);

        Assert.Equal("accounts-exist", await (await ImportAsync(archive)).CodeAsync(HttpStatusCode.Conflict));
        var made = await (await ImportAsync(archive, link: true)).ReadAsync(HttpStatusCode.Created);

        Assert.Equal(1, made.GetProperty("linked_accounts").GetInt32());
        await using var connection = await There.Owner.OpenConnectionAsync(Cancel);
        Assert.Equal(
            here,
            await connection.QuerySingleAsync<Guid>(
                "SELECT user_id FROM memberships WHERE tenant_id = @tenant",
                new { tenant = olga.TenantId }
            )
        );
        Assert.Equal(
            here,
            await connection.QuerySingleAsync<Guid>(
                "SELECT DISTINCT principal_id FROM messages WHERE tenant_id = @tenant",
                new { tenant = olga.TenantId }
            )
        );
        Assert.Equal(
            "Olga There",
            await connection.QuerySingleAsync<string>("SELECT name FROM users WHERE user_id = @here", new { here })
        );
    }

    [Fact]
    public async Task The_operator_says_why_and_the_organisation_is_told()
    {
        var olga = await Here.SignUpAsync("Soylent");
        using var machine = Here.Anonymous();
        var path = $"/operator/tenants/{olga.TenantId}/export";

        Assert.Equal(
            "invalid",
            await (await machine.PostAsync(path, new { passphrase = Passphrase })).CodeAsync(HttpStatusCode.BadRequest)
        );
        var blank = new { passphrase = Passphrase, reason = "  why      " };
        Assert.Equal("invalid", await (await machine.PostAsync(path, blank)).CodeAsync(HttpStatusCode.BadRequest));
        var missing = new { passphrase = Passphrase, reason = "They move to another house." };
        using var nobody = await machine.PostAsync($"/operator/tenants/{Guid.CreateVersion7()}/export", missing);
        Assert.Equal("not-found", await nobody.CodeAsync(HttpStatusCode.NotFound));
        using (var closed = await machine.PostAsync(path, missing))
        {
            Assert.Equal("break-glass-needed", await closed.CodeAsync(HttpStatusCode.Conflict));
        }

        await OpenAsync(machine, olga.TenantId);
        using var exported = await machine.PostAsync(path, missing);
        exported.EnsureSuccessStatusCode();
        var archive = await exported.Content.ReadAsByteArrayAsync(Cancel);

        Assert.Equal("CHT1"u8.ToArray(), archive[..4]);
        await AccessApi.EventuallyAsync(
            async () => (await ActionsAsync(Here, olga.TenantId)).Contains("organization.exported"),
            TimeSpan.FromSeconds(20)
        );
        // Nobody waits for letters: they come when they come.
        await AccessApi.EventuallyAsync(
            async () =>
            {
                // The folder comes with the first letter, which may be this one.
                var letters = Directory.CreateDirectory(Path.Combine(Here.Storage.DataDirectory, "mail"));
                foreach (var letter in Directory.GetFiles(letters.FullName, "*.eml", SearchOption.AllDirectories))
                {
                    var text = await File.ReadAllTextAsync(letter, Cancel);
                    if (
                        text.Contains(olga.Email, StringComparison.Ordinal)
                        && text.Contains("They move to another house.", StringComparison.Ordinal)
                    )
                    {
                        return true;
                    }
                }

                return false;
            },
            TimeSpan.FromSeconds(20)
        );
    }

    [Fact]
    public async Task An_export_of_the_operators_stops_when_the_organisation_ends_the_access()
    {
        var olga = await Here.SignUpAsync("Umbrella");
        for (var file = 0; file < 6; file++)
        {
            await olga.UploadAsync(RandomText(4_000_000), $"large-{file}.txt", ("process", "false"));
        }

        using var machine = new HttpClient { BaseAddress = Here.Address };
        var access = await OpenAsync(machine, olga.TenantId);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/operator/tenants/{olga.TenantId}/export")
        {
            Content = JsonContent.Create(new { passphrase = Passphrase, reason = "They move to another house." }),
        };
        using var answer = await machine.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancel);
        await body.ReadExactlyAsync(new byte[1000], Cancel);

        using (var ended = await olga.Http.DeleteAsync($"/api/v1/organization/operator-access/{access}", Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        }

        await Task.Delay(3000, Cancel);
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null, Cancel));
        var seen = Assert.Single((await olga.GetAsync("/api/v1/organization/operator-access")).Items());
        Assert.Equal(1, seen.GetProperty("requests").GetInt64());
    }

    [Fact]
    public async Task What_an_organisation_spent_elsewhere_counts_in_its_own_caps_and_not_in_the_installations()
    {
        var olga = await Here.SignUpAsync("Aperture");
        await using (var from = await Here.Owner.OpenConnectionAsync(Cancel))
        {
            await from.ExecuteAsync(
                """
                INSERT INTO usage_days SELECT @tenant, (now() AT TIME ZONE 'UTC')::date, @user, @user, 'answers', 'chat', 'p', 'm',
                  1, 1, 0, 0, 0, 10, 0, 0, 0, 10, 0, 5000000, 0, 0, 7
                """,
                new { tenant = olga.TenantId, user = olga.UserId }
            );
        }

        var archive = await ExportAsync(olga);
        const string spent =
            "SELECT month_nano FROM door_installation_spend(date_trunc('month', now() AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date)";
        await using var to = await There.Owner.OpenConnectionAsync(Cancel);
        var before = await to.QuerySingleAsync<long>(spent);
        using (var imported = await ImportAsync(archive))
        {
            Assert.Equal(HttpStatusCode.Created, imported.StatusCode);
        }

        Assert.Equal(before, await to.QuerySingleAsync<long>(spent));
        const string own = "SELECT sum(cost_nano)::bigint FROM usage_days WHERE tenant_id = @tenant";
        Assert.Equal(5_000_000, await to.QuerySingleAsync<long>(own, new { tenant = olga.TenantId }));
        await to.ExecuteAsync(
            "UPDATE usage_days SET cost_nano = cost_nano + 7 WHERE tenant_id = @tenant",
            new { tenant = olga.TenantId }
        );
        Assert.Equal(before + 7, await to.QuerySingleAsync<long>(spent));
    }

    [Fact]
    public async Task A_passphrase_is_stretched_in_a_seat_only()
    {
        var seats = There.Services.GetRequiredService<ArchiveSeats>();
        var archive = await ExportAsync(await Here.SignUpAsync("Cyberdyne"));
        using (seats.Take())
        using (seats.Take())
        {
            using var busy = await ImportAsync(archive, "not the passphrase");
            Assert.Equal("archives-busy", await busy.CodeAsync(HttpStatusCode.Conflict));
        }

        using var wrong = await ImportAsync(archive, "not the passphrase");
        Assert.Equal("invalid", await wrong.CodeAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Only_an_owner_takes_the_organisation_along()
    {
        var olga = await Here.SignUpAsync("Hooli");
        var admin = await Here.InviteAsync(olga, "admin");

        using var refused = await admin.Http.PostAsync("/api/v1/organization/export", new { passphrase = Passphrase });

        Assert.Equal("owners-only", await refused.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task A_download_that_is_left_ends_the_work()
    {
        var olga = await Here.SignUpAsync("Tyrell");
        await olga.UploadAsync(RandomText(4_000_000), "large.txt", ("process", "false"));

        for (var round = 0; round < 3 * ArchiveSeats.Most; round++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/organization/export")
            {
                Content = JsonContent.Create(new { passphrase = Passphrase }),
            };
            using var plain = new HttpClient { BaseAddress = Here.Address };
            plain.DefaultRequestHeaders.Authorization = olga.Http.DefaultRequestHeaders.Authorization;
            HttpResponseMessage? answer = null;
            await AccessApi.EventuallyAsync(
                async () =>
                {
                    using var again = new HttpRequestMessage(HttpMethod.Post, request.RequestUri)
                    {
                        Content = JsonContent.Create(new { passphrase = Passphrase }),
                    };
                    answer = await plain.SendAsync(again, HttpCompletionOption.ResponseHeadersRead, Cancel);
                    return answer.StatusCode != HttpStatusCode.Conflict;
                },
                TimeSpan.FromSeconds(20)
            );
            using (answer)
            {
                Assert.Equal(HttpStatusCode.OK, answer!.StatusCode);
                await using var body = await answer.Content.ReadAsStreamAsync(Cancel);
                await body.ReadExactlyAsync(new byte[1000], Cancel);
            }
        }

        await AccessApi.EventuallyAsync(
            async () =>
            {
                await using var connection = await Here.Owner.OpenConnectionAsync(Cancel);
                return await connection.QuerySingleAsync<long>(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%archived%' AND state <> 'idle' AND pid <> pg_backend_pid()"
                    ) == 0;
            },
            TimeSpan.FromSeconds(20)
        );
    }

    [Fact]
    public async Task What_an_import_left_that_was_cut_off_with_its_server_is_removed_and_nothing_else()
    {
        var olga = await There.SignUpAsync("Wonka");
        await olga.ReadyTextAsync("# Cocoa\n\nCocoa is bitter.", "cocoa.md");
        var gone = Guid.CreateVersion7();
        var data = There.Storage.DataDirectory;
        Directory.CreateDirectory(Path.Combine(data, "imports"));
        var left = Directory.CreateDirectory(Path.Combine(data, "blobs", gone.ToString(), "ab")).FullName;
        await File.WriteAllTextAsync(Path.Combine(left, "ab12"), "half", Cancel);
        foreach (var mark in new[] { gone, olga.TenantId })
        {
            await File.WriteAllTextAsync(Path.Combine(data, "imports", mark.ToString()), "", Cancel);
        }

        await There.Services.GetRequiredService<ImportMarks>().ClearAsync(Cancel);

        Assert.False(Directory.Exists(Path.Combine(data, "blobs", gone.ToString())));
        Assert.True(Directory.Exists(Path.Combine(data, "blobs", olga.TenantId.ToString())));
        Assert.Empty(Directory.GetFiles(Path.Combine(data, "imports")));
    }

    [Fact]
    public async Task An_import_waits_for_a_sweep_after_an_erasure_and_a_sweep_for_an_import()
    {
        var marks = There.Services.GetRequiredService<ImportMarks>();
        var tenant = new TenantId(Guid.CreateVersion7());
        var sweep = marks.TryHoldOff(tenant);
        Assert.NotNull(sweep);
        Assert.Null(marks.TryHoldOff(tenant));

        var import = marks.TakeAsync(tenant, Cancel);
        await Task.Delay(300, Cancel);
        Assert.False(import.IsCompleted);
        sweep.Dispose();

        await using (await import)
        {
            Assert.Null(marks.TryHoldOff(tenant));
            var again = await Assert.ThrowsAsync<ArchiveException>(() => marks.TakeAsync(tenant, Cancel));
            Assert.Equal(ArchiveFault.Busy, again.Fault);
        }

        marks.TryHoldOff(tenant)!.Dispose();
        Assert.Empty(Directory.GetFiles(Path.Combine(There.Storage.DataDirectory, "imports"), $"{tenant}*"));
    }

    private async Task NothingIsLeftAsync(TestUser owner)
    {
        await using var connection = await There.Owner.OpenConnectionAsync(Cancel);
        foreach (var rule in ArchiveTables.All)
        {
            Assert.Equal(
                0,
                await connection.QuerySingleAsync<long>(
                    $"SELECT count(*) FROM {rule.Name} WHERE tenant_id = @tenant",
                    new { tenant = owner.TenantId }
                )
            );
        }

        Assert.Equal(
            0,
            await connection.QuerySingleAsync<long>(
                "SELECT count(*) FROM users WHERE email = @email",
                new { email = owner.Email }
            )
        );
        Assert.False(Directory.Exists(Path.Combine(There.Storage.DataDirectory, "blobs", owner.TenantId.ToString())));
        Assert.Empty(Directory.GetFiles(Path.Combine(There.Storage.DataDirectory, "imports")));
    }

    private static async Task<Guid> OpenAsync(HttpClient machine, Guid tenant)
    {
        using var opened = await machine.PostAsJsonAsync(
            $"/operator/tenants/{tenant}/access",
            new { reason = "They move to another house." },
            Cancel
        );
        return (await opened.ReadAsync(HttpStatusCode.Created)).Id();
    }

    private static async Task<byte[]> ExportAsync(TestUser owner)
    {
        using var answer = await owner.Http.PostAsync("/api/v1/organization/export", new { passphrase = Passphrase });
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        return await answer.Content.ReadAsByteArrayAsync(Cancel);
    }

    private async Task<HttpResponseMessage> ImportAsync(
        byte[] archive,
        string passphrase = Passphrase,
        bool link = false,
        string? plan = null
    )
    {
        using var machine = There.Anonymous();
        using var form = new MultipartFormDataContent { { new StringContent(passphrase), "passphrase" } };
        if (link)
        {
            form.Add(new StringContent("true"), "link_accounts");
        }

        if (plan is not null)
        {
            form.Add(new StringContent(plan), "plan");
        }

        form.Add(new ByteArrayContent(archive), "file", "organization.chancery");
        return await machine.PostAsync("/operator/tenants/import", form, Cancel);
    }

    /// <summary>Signs somebody in who set the password that they had before.</summary>
    private async Task<HttpClient> SignInAsync(ChanceryFixture installation, TestUser person)
    {
        await using var from = await Here.Owner.OpenConnectionAsync(Cancel);
        await using var to = await installation.Owner.OpenConnectionAsync(Cancel);
        var hash = await from.QuerySingleAsync<string>(
            "SELECT password_hash FROM users WHERE user_id = @id",
            new { id = person.UserId }
        );
        await to.ExecuteAsync(
            "UPDATE users SET password_hash = @hash WHERE email = @email",
            new { hash, email = person.Email }
        );
        var client = installation.Anonymous();
        var signedIn = await (
            await client.PostAsync("/api/v1/auth/login", new { email = person.Email, password = person.Password })
        ).ReadAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", signedIn.GetProperty("access_token").GetString());
        return client;
    }

    private static async Task SignHeadsAsync(ChanceryFixture installation, Guid tenant)
    {
        await installation.Services.GetRequiredService<ChainWriter>().LinkAsync(tenant, Cancel);
        await installation.Services.GetRequiredService<HeadSigning>().RunAsync(TimeSpan.Zero, Cancel);
    }

    private static async Task<IEnumerable<string>> ActionsAsync(ChanceryFixture installation, Guid tenant)
    {
        await using var connection = await installation.Owner.OpenConnectionAsync(Cancel);
        return await connection.QueryAsync<string>(
            "SELECT action FROM audit_entries WHERE tenant_id = @tenant",
            new { tenant }
        );
    }

    private static byte[] RandomText(int size) =>
        Encoding.ASCII.GetBytes(Convert.ToHexString(RandomNumberGenerator.GetBytes(size / 2)));

    private static byte[] Text((string Name, byte[] Content) member, string from, string to, string where) =>
        member.Name.StartsWith(where, StringComparison.Ordinal)
            ? Encoding.UTF8.GetBytes(
                Encoding.UTF8.GetString(member.Content).Replace(from, to, StringComparison.Ordinal)
            )
            : member.Content;

    /// <summary>A table with other lines, and a manifest that fits them.</summary>
    private static IEnumerable<(string, byte[])> Rewritten(
        List<(string Name, byte[] Content)> members,
        string table,
        Func<string, string> change
    )
    {
        var said = "";
        foreach (var (name, content) in members)
        {
            if (name.StartsWith($"tables/{table}/", StringComparison.Ordinal))
            {
                said = change(Encoding.UTF8.GetString(content));
                yield return (name, Encoding.UTF8.GetBytes(said));
            }
            else if (name == ArchiveFormat.Manifest)
            {
                var manifest = JsonSerializer.Deserialize<ArchiveManifest>(content, ArchiveFormat.Json)!;
                var tables = manifest.Tables.Select(one =>
                    one.Name == table
                        ? new ArchivedTable(
                            table,
                            said.Count(letter => letter == '\n'),
                            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(said)))
                        )
                        : one
                );
                yield return (
                    name,
                    JsonSerializer.SerializeToUtf8Bytes(manifest with { Tables = [.. tables] }, ArchiveFormat.Json)
                );
            }
            else
            {
                yield return (name, content);
            }
        }
    }

    private static async Task<List<(string Name, byte[] Content)>> MembersAsync(byte[] archive)
    {
        using var seal = ArchiveSeal.Open(archive.AsSpan(0, ArchiveSeal.HeaderBytes), Passphrase);
        using var file = new MemoryStream(archive);
        var members = new List<(string, byte[])>();
        await foreach (var (name, content) in new ArchiveReader(file, seal).MembersAsync(Cancel))
        {
            using var copy = new MemoryStream();
            await content.CopyToAsync(copy, Cancel);
            members.Add((name, copy.ToArray()));
        }

        return members;
    }

    private static async Task<byte[]> SealedAsync(IEnumerable<(string Name, byte[] Content)> members)
    {
        using var target = new MemoryStream();
        using var seal = ArchiveSeal.ForWriting(Passphrase);
        await target.WriteAsync(seal.Header, Cancel);
        await using var sealing = new SealingStream(target, seal);
        await using (var tar = new TarWriter(sealing, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (name, content) in members)
            {
                using var data = new MemoryStream(content);
                await tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data },
                    Cancel
                );
            }
        }

        await sealing.FinishAsync(Cancel);
        return target.ToArray();
    }

    /// <summary>Two installations that know nothing of each other.</summary>
    public sealed class Pair : IAsyncLifetime
    {
        public ChanceryFixture Source { get; } = new();

        public ChanceryFixture Target { get; } = new();

        public async ValueTask InitializeAsync()
        {
            Source.ConfigureServices = services =>
                services.AddSingleton(
                    new Chancery.Server.Access.Lifecycle.Erasing.ErasureOptions
                    {
                        Settle = TimeSpan.FromMilliseconds(300),
                    }
                );
            await Source.InitializeAsync();
            var engines = await EngineHost.GetAsync();
            Target.RedisConfiguration = string.Create(
                CultureInfo.InvariantCulture,
                $"{engines.Redis},defaultDatabase=7"
            );
            await Target.InitializeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Source.DisposeAsync();
            await Target.DisposeAsync();
        }
    }
}
