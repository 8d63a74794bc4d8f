using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Server.Access.Lifecycle.Erasing;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.Lifecycle;

/// <summary>Erasing an organisation: who may order it, how it is taken back, and how it gets to its end whatever goes away meanwhile.</summary>
public sealed class ErasureTests(ErasureTests.Fixture chancery) : IClassFixture<ErasureTests.Fixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_erased_organisation_is_gone_its_neighbour_is_not_and_the_receipt_says_what_went()
    {
        var olga = await chancery.SignUpAsync("Gone Ltd");
        var shared = await chancery.SignUpAsync("Stays Ltd");
        var ina = await chancery.InviteAsync(olga, "viewer");
        await BelongsAlsoAsync(ina, shared);
        // Was at the other one once, and is in none any more.
        var rudi = await chancery.InviteAsync(olga, "viewer");
        await BelongsAlsoAsync(rudi, shared, "removed");
        await olga.ReadyTextAsync("# Lapwing\n\nIt is ringed in May.");
        await shared.ReadyTextAsync("# Plover\n\nIt is ringed in June.");
        var (key, _) = await olga.CreateKeyAsync();

        var order = await EraseAsync(olga, "Gone Ltd", new { name = "Gone Ltd", backups_kept_days = 30 });
        var erasure = await DoneAsync(order);

        var tables = erasure.GetProperty("tables");
        Assert.Equal(1, tables.GetProperty("documents").GetInt64());
        Assert.Equal(1, tables.GetProperty("tenants").GetInt64());
        Assert.Equal(2, tables.GetProperty("users").GetInt64());
        Assert.True(tables.GetProperty("audit_entries").GetInt64() > 0);
        Assert.Equal(1, erasure.GetProperty("stores").GetProperty("files").GetProperty("count").GetInt64());
        Assert.True(erasure.GetProperty("record_seq").GetInt64() > 0);
        Assert.Equal(
            erasure.GetProperty("backups_made_before").GetDateTimeOffset().AddDays(30),
            erasure.GetProperty("backups_expire_at").GetDateTimeOffset()
        );
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{olga.TenantId}Gone Ltd"))),
            erasure.Text("name_sha256")
        );
        Assert.Empty(await RowsAsync(olga.TenantId));
        Assert.False(Directory.Exists(Path.Combine(chancery.Storage.DataDirectory, "blobs", $"{olga.TenantId}")));

        foreach (var credential in new[] { olga.AccessToken, key })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, credential));
        }

        // The refusals of just now made no record for it anew.
        await Task.Delay(500, Cancel);
        Assert.Empty(await RowsAsync(olga.TenantId));
        Assert.NotEmpty((await shared.SearchAsync("plover")).Results());
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM users WHERE user_id = @id", ina.UserId));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM users WHERE user_id = @id", olga.UserId));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM users WHERE user_id = @id", rudi.UserId));
    }

    [Fact]
    public async Task The_receipt_is_signed_by_a_key_that_the_installation_tells_everybody()
    {
        var olga = await chancery.SignUpAsync("Signed Ltd");
        var erasure = await DoneAsync(await EraseAsync(olga, "Signed Ltd", new { name = "Signed Ltd" }));

        var parts = erasure.Text("receipt").Split('.');
        var header = JsonSerializer.Deserialize<JsonElement>(Base64Url.DecodeFromChars(parts[0]));
        var payload = JsonSerializer.Deserialize<JsonElement>(Base64Url.DecodeFromChars(parts[1]));
        Assert.Equal("chancery-erasure-receipt+jwt", header.Text("typ"));
        using var http = chancery.Anonymous();
        var keys = await (await http.GetAsync("/.well-known/audit-keys.json", Cancel)).ReadAsync();
        var jwk = keys.GetProperty("keys").EnumerateArray().Single(one => one.Text("kid") == header.Text("kid"));
        using var key = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint
                {
                    X = Base64Url.DecodeFromChars(jwk.Text("x")),
                    Y = Base64Url.DecodeFromChars(jwk.Text("y")),
                },
            }
        );
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        var signature = Base64Url.DecodeFromChars(parts[2]);
        Assert.True(key.VerifyData(signed, signature, HashAlgorithmName.SHA256));
        signed[^1] ^= 1;
        Assert.False(key.VerifyData(signed, signature, HashAlgorithmName.SHA256));

        Assert.Equal(olga.TenantId, payload.GetProperty("organization_id").GetGuid());
        Assert.Equal(
            erasure.GetProperty("tables").GetProperty("memberships").GetInt64(),
            payload.GetProperty("tables").GetProperty("memberships").GetInt64()
        );
        Assert.Equal(erasure.Text("record_hash"), payload.GetProperty("record").Text("hash"));
        Assert.DoesNotContain(
            "Signed",
            Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Only_a_suspended_organisation_is_erased_by_its_name_and_once()
    {
        var olga = await chancery.SignUpAsync("Once Ltd");
        var address = $"/operator/tenants/{olga.TenantId}/erase";
        using var http = chancery.Anonymous();

        using (var active = await http.PostAsync(address, new { name = "Once Ltd" }))
        {
            Assert.Equal("organization-not-suspended", await active.CodeAsync(HttpStatusCode.Conflict));
        }

        await SuspendAsync(olga.TenantId);
        using (var other = await http.PostAsync(address, new { name = "once ltd" }))
        {
            Assert.Equal("invalid", await other.CodeAsync(HttpStatusCode.BadRequest));
        }

        var erasure = await (await http.PostAsync(address, new { name = "Once Ltd", after_days = 7 })).ReadAsync(
            HttpStatusCode.Accepted
        );
        using (var twice = await http.PostAsync(address, new { name = "Once Ltd" }))
        {
            Assert.Equal("erasure-ordered", await twice.CodeAsync(HttpStatusCode.Conflict));
        }

        Assert.Equal("ordered", erasure.Text("state"));
        using (
            var nobody = await http.PostAsync($"/operator/tenants/{Guid.CreateVersion7()}/erase", new { name = "x" })
        )
        {
            Assert.Equal("not-found", await nobody.CodeAsync(HttpStatusCode.NotFound));
        }
    }

    [Fact]
    public async Task What_was_ordered_for_later_is_taken_back_and_the_organisation_goes_on()
    {
        var olga = await chancery.SignUpAsync("Later Ltd");
        var order = await EraseAsync(olga, "Later Ltd", new { name = "Later Ltd", after_days = 1 });
        using var http = chancery.Anonymous();
        using (var cancelled = await http.DeleteAsync($"/operator/tenants/{olga.TenantId}/erase", Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
        }

        using (var twice = await http.DeleteAsync($"/operator/tenants/{olga.TenantId}/erase", Cancel))
        {
            Assert.Equal("not-found", await twice.CodeAsync(HttpStatusCode.NotFound));
        }

        using (var resumed = await http.PostAsync($"/operator/tenants/{olga.TenantId}/resume", null, Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, resumed.StatusCode);
        }

        // Its time comes all the same, and finds nothing to do.
        await DueAsync(order);
        await Task.Delay(1500, Cancel);
        Assert.Equal("cancelled", (await StandingAsync(order)).Text("state"));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
    }

    [Fact]
    public async Task An_organisation_that_goes_on_before_its_time_is_not_erased()
    {
        var olga = await chancery.SignUpAsync("Resumed Ltd");
        var order = await EraseAsync(olga, "Resumed Ltd", new { name = "Resumed Ltd", after_days = 1 });
        using var http = chancery.Anonymous();
        using (await http.PostAsync($"/operator/tenants/{olga.TenantId}/resume", null, Cancel)) { }

        await DueAsync(order);
        await AccessApi.EventuallyAsync(
            async () => (await StandingAsync(order)).Text("state") == "cancelled",
            Patience
        );

        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
    }

    [Fact]
    public async Task A_place_that_cannot_be_erased_at_first_is_tried_again_and_the_database_that_breaks_off_too()
    {
        var olga = await chancery.SignUpAsync("Stubborn Ltd");
        await olga.ReadyTextAsync("# Lapwing\n\nIt is ringed in May.");
        chancery.Stubborn.Fails[olga.TenantId] = 3;
        var order = await EraseAsync(olga, "Stubborn Ltd", new { name = "Stubborn Ltd" });
        await AccessApi.EventuallyAsync(
            () => Task.FromResult(chancery.Stubborn.Fails.GetValueOrDefault(olga.TenantId) < 3),
            Patience
        );
        // All connections of the server end, as when PostgreSQL restarts.
        await CountAsync(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'chancery_app' AND datname = current_database()",
            Guid.Empty
        );

        var erasure = await DoneAsync(order);

        Assert.Equal(0, chancery.Stubborn.Fails[olga.TenantId]);
        // Nobody counted what went when it broke off; of the files all were.
        var stores = erasure.GetProperty("stores");
        Assert.True(stores.GetProperty("stubborn").GetProperty("at_least").GetBoolean());
        Assert.False(stores.GetProperty("files").GetProperty("at_least").GetBoolean());
        Assert.True(
            PayloadOf(erasure).GetProperty("stores").GetProperty("stubborn").GetProperty("at_least").GetBoolean()
        );
        Assert.Equal(1, erasure.GetProperty("tables").GetProperty("documents").GetInt64());
        Assert.Empty(await RowsAsync(olga.TenantId));
    }

    [Fact]
    public async Task The_erasing_organisation_cannot_go_on_and_what_has_begun_is_not_taken_back()
    {
        var olga = await chancery.SignUpAsync("Begun Ltd");
        chancery.Stubborn.Fails[olga.TenantId] = int.MaxValue;
        var order = await EraseAsync(olga, "Begun Ltd", new { name = "Begun Ltd" });
        await AccessApi.EventuallyAsync(async () => (await StandingAsync(order)).Text("state") == "erasing", Patience);
        using var http = chancery.Anonymous();

        using (var back = await http.DeleteAsync($"/operator/tenants/{olga.TenantId}/erase", Cancel))
        {
            Assert.Equal("erasure-begun", await back.CodeAsync(HttpStatusCode.Conflict));
        }

        using (var resumed = await http.PostAsync($"/operator/tenants/{olga.TenantId}/resume", null, Cancel))
        {
            Assert.Equal("not-found", await resumed.CodeAsync(HttpStatusCode.NotFound));
        }

        chancery.Stubborn.Fails[olga.TenantId] = 0;
        await DoneAsync(order);
    }

    [Fact]
    public async Task Nothing_goes_while_an_archive_is_being_written()
    {
        var olga = await chancery.SignUpAsync("Archived Ltd");
        await olga.ReadyTextAsync("# Lapwing\n\nIt is ringed in May.");
        await using var archive = await chancery.Owner.OpenConnectionAsync(Cancel);
        // As a backup holds it, and then an export of the organisation.
        await archive.ExecuteAsync(
            "SELECT pg_advisory_lock(@gate)",
            new { gate = Chancery.Server.Platform.Backup.SnapshotConnection.SweepGate }
        );
        var order = await EraseAsync(olga, "Archived Ltd", new { name = "Archived Ltd" });
        await WaitsAsync();
        await archive.ExecuteAsync(
            """
            SELECT pg_advisory_lock_shared(hashtextextended('export:' || @tenant::text, 0)), pg_advisory_unlock(@gate)
            """,
            new { tenant = olga.TenantId, gate = Chancery.Server.Platform.Backup.SnapshotConnection.SweepGate }
        );
        await Task.Delay(1000, Cancel);
        await WaitsAsync();
        await archive.ExecuteAsync("SELECT pg_advisory_unlock_all()");

        await DoneAsync(order);

        async Task WaitsAsync()
        {
            await AccessApi.EventuallyAsync(
                async () =>
                    (await StandingAsync(order)) is var standing
                    && standing.Text("state") == "erasing"
                    && standing.TryGetProperty("waiting_for", out var waits)
                    && waits.GetString() == "backup",
                Patience
            );
            Assert.Equal(1, await CountAsync("SELECT count(*) FROM documents WHERE tenant_id = @id", olga.TenantId));
        }
    }

    [Fact]
    public async Task What_comes_late_goes_too_and_the_receipt_is_signed_with_it()
    {
        var olga = await chancery.SignUpAsync("Late Ltd");
        var order = await EraseAsync(olga, "Late Ltd", new { name = "Late Ltd" });
        var before = await DoneAsync(order);
        var files = Path.Combine(chancery.Storage.DataDirectory, "blobs", $"{olga.TenantId}", "ab");
        Directory.CreateDirectory(files);
        await File.WriteAllBytesAsync(Path.Combine(files, $"ab{new string('0', 62)}"), new byte[10], Cancel);
        var redis = chancery.Services.GetRequiredService<Chancery.Server.Platform.Redis.RedisGateway>();
        Assert.True(await redis.HashSetAsync($"late:{olga.TenantId:n}", "a", "b", TimeSpan.FromHours(1)));
        await CountAsync(
            "INSERT INTO audit_imported_keys (tenant_id, key_id, public_key, through, imported_at) VALUES (@id, 'late', '', 1, now())",
            olga.TenantId
        );

        await AccessApi.EventuallyAsync(
            async () =>
                await CountAsync(
                    "SELECT count(*) FROM erasure_receipts WHERE erasure_id = @id AND NOT is_unsigned AND counts -> 'tables' ? 'audit_imported_keys'",
                    order
                ) == 1
                && !Directory.Exists(Path.GetDirectoryName(files)),
            Patience
        );

        var after = await StandingAsync(order);
        Assert.Equal("done", after.Text("state"));
        Assert.Equal(
            before.GetProperty("ended_at").GetDateTimeOffset(),
            after.GetProperty("ended_at").GetDateTimeOffset()
        );
        Assert.True(
            after.GetProperty("amended_at").GetDateTimeOffset() > after.GetProperty("ended_at").GetDateTimeOffset()
        );
        Assert.Equal(1, PayloadOf(after).GetProperty("tables").GetProperty("audit_imported_keys").GetInt64());
        Assert.Equal(
            1,
            after.GetProperty("stores").GetProperty("files").GetProperty("count").GetInt64()
                - (
                    before.GetProperty("stores").TryGetProperty("files", out var old)
                        ? old.GetProperty("count").GetInt64()
                        : 0
                )
        );
        Assert.Empty(await RowsAsync(olga.TenantId));
        Assert.Equal(0, await redis.RemoveAllWithAsync($"{olga.TenantId:n}", Cancel));
    }

    [Fact]
    public async Task Taking_an_order_back_that_is_not_there_is_no_event()
    {
        var olga = await chancery.SignUpAsync("Calm Ltd");
        using (var none = await olga.Http.DeleteAsync("/api/v1/organization/erasure", Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, none.StatusCode);
        }

        await olga.PostAsync("/api/v1/organization/erasure", new { name = "Calm Ltd" }, HttpStatusCode.Accepted);
        using (var one = await olga.Http.DeleteAsync("/api/v1/organization/erasure", Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, one.StatusCode);
        }

        const string cancelled =
            "SELECT count(*) FROM audit_entries WHERE tenant_id = @id AND action = 'organization.erasure_cancelled'";
        await AccessApi.EventuallyAsync(async () => await CountAsync(cancelled, olga.TenantId) > 0, Patience);
        Assert.Equal(1, await CountAsync(cancelled, olga.TenantId));
    }

    [Fact]
    public async Task An_order_of_an_owner_waits_while_the_operator_suspends_the_organisation()
    {
        var olga = await chancery.SignUpAsync("Waits Ltd");
        var ordered = await olga.PostAsync(
            "/api/v1/organization/erasure",
            new { name = "Waits Ltd" },
            HttpStatusCode.Accepted
        );
        var again = await olga.PostAsync(
            "/api/v1/organization/erasure",
            new { name = "Waits Ltd" },
            HttpStatusCode.Accepted
        );
        Assert.Equal(ordered.Id(), again.Id());
        await SuspendAsync(olga.TenantId);
        await DueAsync(ordered.Id());

        await AccessApi.EventuallyAsync(
            async () =>
                (await StandingAsync(ordered.Id())).GetProperty("begins_at").GetDateTimeOffset()
                > TimeProvider.System.GetUtcNow(),
            Patience
        );

        Assert.Equal("ordered", (await StandingAsync(ordered.Id())).Text("state"));
        Assert.NotEmpty(await RowsAsync(olga.TenantId));
    }

    [Fact]
    public async Task An_organisation_that_comes_in_again_keeps_its_files_and_has_a_record()
    {
        var olga = await chancery.SignUpAsync("Returns Ltd");
        await olga.ReadyTextAsync("# Lapwing\n\nIt is ringed in May.");
        using var http = chancery.Anonymous();
        using (
            var opened = await http.PostAsync(
                $"/operator/tenants/{olga.TenantId}/access",
                new { reason = "They want to come back" }
            )
        )
        {
            Assert.Equal(HttpStatusCode.Created, opened.StatusCode);
        }

        using var exported = await http.PostAsync(
            $"/operator/tenants/{olga.TenantId}/export",
            new { passphrase = "a passphrase of some length", reason = "They want to come back" }
        );
        var archive = await exported.Content.ReadAsByteArrayAsync(Cancel);
        await DoneAsync(await EraseAsync(olga, "Returns Ltd", new { name = "Returns Ltd" }));

        using var form = new MultipartFormDataContent
        {
            { new StringContent("a passphrase of some length"), "passphrase" },
            { new ByteArrayContent(archive), "file", "organization.chancery" },
        };
        using var imported = await http.PostAsync(new Uri("/operator/tenants/import", UriKind.Relative), form, Cancel);
        Assert.True(imported.IsSuccessStatusCode, await imported.Content.ReadAsStringAsync(Cancel));
        // Long enough for a message that it is gone to arrive late.
        await chancery
            .Services.GetRequiredService<Chancery.Server.Platform.Redis.RedisGateway>()
            .PublishAsync("chancery:sessions", $"erased:{olga.TenantId}");
        await Task.Delay(1000, Cancel);
        await SuspendAsync(olga.TenantId);

        var files = Path.Combine(chancery.Storage.DataDirectory, "blobs", $"{olga.TenantId}");
        Assert.NotEmpty(Directory.GetFiles(files, "*", SearchOption.AllDirectories));
        await AccessApi.EventuallyAsync(
            async () =>
                await CountAsync(
                    "SELECT count(*) FROM audit_entries WHERE tenant_id = @id AND action = 'organization.suspended'",
                    olga.TenantId
                ) == 1,
            Patience
        );
    }

    [Fact]
    public async Task No_archive_of_an_organisation_comes_in_while_it_goes()
    {
        var olga = await chancery.SignUpAsync("Leaves Ltd");
        await olga.ReadyTextAsync("# Lapwing\n\nIt is ringed in May.");
        var archive = await ArchiveAsync(olga);
        // Rows that cannot go yet: the organisation is still here, and leaving.
        await using var holding = await chancery.Owner.OpenConnectionAsync(Cancel);
        await using var held = await holding.BeginTransactionAsync(Cancel);
        await holding.ExecuteAsync(
            "SELECT 1 FROM documents WHERE tenant_id = @tenant FOR UPDATE",
            new { tenant = olga.TenantId },
            held
        );
        var order = await EraseAsync(olga, "Leaves Ltd", new { name = "Leaves Ltd" });
        await AccessApi.EventuallyAsync(async () => (await StandingAsync(order)).Text("state") == "erasing", Patience);
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM tenants WHERE tenant_id = @id", olga.TenantId));
        using (var early = await TakeInAsync(archive))
        {
            Assert.Equal("erasure-begun", await early.CodeAsync(HttpStatusCode.Conflict));
        }

        // Rows that are gone, and something beside them that is not.
        chancery.Stubborn.Fails[olga.TenantId] = int.MaxValue;
        await held.RollbackAsync(Cancel);
        await AccessApi.EventuallyAsync(
            async () => await CountAsync("SELECT count(*) FROM tenants WHERE tenant_id = @id", olga.TenantId) == 0,
            Patience
        );
        using (var late = await TakeInAsync(archive))
        {
            Assert.Equal("erasure-begun", await late.CodeAsync(HttpStatusCode.Conflict));
        }

        chancery.Stubborn.Fails[olga.TenantId] = 0;
        await DoneAsync(order);
        Assert.Empty(await RowsAsync(olga.TenantId));
        Assert.False(Directory.Exists(Path.Combine(chancery.Storage.DataDirectory, "blobs", $"{olga.TenantId}")));
    }

    [Fact]
    public async Task A_sweep_after_an_organisation_came_in_again_removes_nothing_of_it()
    {
        var olga = await chancery.SignUpAsync("Comes Ltd");
        await olga.ReadyTextAsync("# Lapwing\n\nIt is ringed in May.");
        var archive = await ArchiveAsync(olga);
        var order = await EraseAsync(olga, "Comes Ltd", new { name = "Comes Ltd" });
        await DoneAsync(order);
        using (var imported = await TakeInAsync(archive))
        {
            Assert.True(imported.IsSuccessStatusCode, await imported.Content.ReadAsStringAsync(Cancel));
        }

        await SuspendAsync(olga.TenantId);
        var files = Path.Combine(chancery.Storage.DataDirectory, "blobs", $"{olga.TenantId}");
        var before = (await StateAsync(), Directory.GetFiles(files, "*", SearchOption.AllDirectories).Length);
        Assert.Contains("documents 1", before.Item1, StringComparison.Ordinal);
        Assert.Equal(1, before.Length);

        // As a sweep that is due just then, and one of a server that did not hear of the import.
        for (var sweep = 0; sweep < 3; sweep++)
        {
            await CountAsync(
                """
                UPDATE work_items SET state = 'queued', run_after = now(), finished_at = NULL
                WHERE kind = 'erase-organization' AND subject ->> 'erasure' = @id::text
                """,
                order
            );
            await AccessApi.EventuallyAsync(
                async () =>
                    await CountAsync(
                        "SELECT count(*) FROM work_items WHERE kind = 'erase-organization' AND subject ->> 'erasure' = @id::text AND state = 'done'",
                        order
                    ) == 1,
                Patience
            );
        }

        Assert.Equal(before, (await StateAsync(), Directory.GetFiles(files, "*", SearchOption.AllDirectories).Length));

        async Task<string> StateAsync() =>
            string.Join(
                '\n',
                (await RowsAsync(olga.TenantId))
                    .Select(row => row.Split(' ')[0])
                    // The record goes on meanwhile.
                    .Where(table =>
                        !table.StartsWith("audit_", StringComparison.Ordinal)
                        && !table.StartsWith("work_", StringComparison.Ordinal)
                    )
                    .CountBy(table => table)
                    .OrderBy(table => table.Key, StringComparer.Ordinal)
                    .Select(table => $"{table.Key} {table.Value}")
            );
    }

    private static async Task<byte[]> ArchiveAsync(TestUser owner)
    {
        using var exported = await owner.Http.PostAsync(
            "/api/v1/organization/export",
            new { passphrase = "a passphrase of some length" }
        );
        Assert.True(exported.IsSuccessStatusCode, $"{exported.StatusCode}");
        return await exported.Content.ReadAsByteArrayAsync(Cancel);
    }

    /// <summary>Tried again while a sweep, which is short, holds the organisation off.</summary>
    private async Task<HttpResponseMessage> TakeInAsync(byte[] archive)
    {
        using var http = chancery.Anonymous();
        for (var attempt = 0; ; attempt++)
        {
            using var form = new MultipartFormDataContent
            {
                { new StringContent("a passphrase of some length"), "passphrase" },
                { new ByteArrayContent(archive), "file", "organization.chancery" },
            };
            var answer = await http.PostAsync(new Uri("/operator/tenants/import", UriKind.Relative), form, Cancel);
            if (
                attempt == 40
                || answer.IsSuccessStatusCode
                || !(await answer.Content.ReadAsStringAsync(Cancel)).Contains("archives-busy", StringComparison.Ordinal)
            )
            {
                return answer;
            }

            answer.Dispose();
            await Task.Delay(250, Cancel);
        }
    }

    private async Task<Guid> EraseAsync(TestUser user, string name, object request)
    {
        _ = name;
        await SuspendAsync(user.TenantId);
        using var http = chancery.Anonymous();
        var order = await (await http.PostAsync($"/operator/tenants/{user.TenantId}/erase", request)).ReadAsync(
            HttpStatusCode.Accepted
        );
        return order.Id();
    }

    private async Task SuspendAsync(Guid tenant)
    {
        using var http = chancery.Anonymous();
        using var response = await http.PostAsync($"/operator/tenants/{tenant}/suspend", null, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private async Task<JsonElement> StandingAsync(Guid order)
    {
        // Not held against the description: the database is away in one of the tests.
        using var http = new HttpClient { BaseAddress = chancery.Address };
        using var response = await http.GetAsync($"/operator/erasures/{order}", Cancel);
        return response.StatusCode == HttpStatusCode.ServiceUnavailable
            ? JsonSerializer.SerializeToElement(new { state = "unknown" })
            : await response.ReadAsync();
    }

    private static JsonElement PayloadOf(JsonElement erasure) =>
        JsonSerializer.Deserialize<JsonElement>(Base64Url.DecodeFromChars(erasure.Text("receipt").Split('.')[1]));

    private async Task<JsonElement> DoneAsync(Guid order)
    {
        await AccessApi.EventuallyAsync(
            async () => (await StandingAsync(order)).Text("state") == "done",
            TimeSpan.FromSeconds(60)
        );
        return await StandingAsync(order);
    }

    /// <summary>Its time is now, for the order and for the work in the queue.</summary>
    private async Task DueAsync(Guid order)
    {
        await CountAsync("UPDATE erasure_receipts SET begins_at = now() WHERE erasure_id = @id", order);
        await CountAsync(
            "UPDATE work_items SET run_after = now() WHERE kind = 'erase-organization' AND subject ->> 'erasure' = @id::text",
            order
        );
    }

    private async Task BelongsAlsoAsync(TestUser person, TestUser host, string status = "active") =>
        await CountAsync(
            $"INSERT INTO memberships (tenant_id, user_id, role, status, created_at) VALUES ('{host.TenantId}', @id, 'viewer', '{status}', now())",
            person.UserId
        );

    private async Task<long> CountAsync(string sql, Guid id)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await connection.ExecuteScalarAsync<long?>(sql, new { id }) ?? 0;
    }

    private async Task<IReadOnlyList<string>> RowsAsync(Guid tenant)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        var tables = (
            await connection.QueryAsync<string>(
                """
                SELECT table_name::text FROM information_schema.columns
                WHERE table_schema = 'public' AND column_name = 'tenant_id'
                """
            )
        ).AsList();
        Assert.True(tables.Count > 60, "The tables were not found.");
        var rows = new List<string>();
        foreach (var table in tables)
        {
            rows.AddRange(
                await connection.QueryAsync<string>(
                    $"SELECT '{table} ' || t::text FROM {table} AS t WHERE tenant_id = @tenant",
                    new { tenant }
                )
            );
        }

        return rows;
    }

    /// <summary>A place that cannot be erased for a while.</summary>
    public sealed class StubbornPlace : ITenantRemains
    {
        public System.Collections.Concurrent.ConcurrentDictionary<Guid, int> Fails { get; } = new();

        public string Name => "stubborn";

        public Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken)
        {
            var left = Fails.AddOrUpdate(tenant.Value, -1, (_, fails) => fails - 1);
            if (left >= 0)
            {
                throw new IOException("Not yet.");
            }

            Fails[tenant.Value] = 0;
            return Task.FromResult(default(Remains));
        }
    }

    public sealed class Fixture : ChanceryFixture
    {
        public StubbornPlace Stubborn { get; } = new();

        public Fixture()
        {
            ConfigureServices = services =>
            {
                services.AddSingleton<ITenantRemains>(Stubborn);
                services.AddSingleton(
                    new ErasureOptions
                    {
                        BatchRows = 2,
                        Settle = TimeSpan.FromMilliseconds(300),
                        Again = TimeSpan.FromMilliseconds(300),
                        FirstSweep = TimeSpan.FromMilliseconds(300),
                        SweepFor = TimeSpan.FromMinutes(2),
                    }
                );
            };
        }
    }
}
