using Chancery.Server.Access;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Access.Lifecycle;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Commands;

/// <summary><c>chancery tenants</c> on the machines of two installations.</summary>
public sealed class TenantsCommandTests(ArchiveTests.Pair pair) : IClassFixture<ArchiveTests.Pair>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_organisation_is_listed_exported_and_imported()
    {
        var name = $"Stark {Guid.CreateVersion7():n}";
        var olga = await pair.Source.SignUpAsync(name);
        await olga.ReadyTextAsync("# Wolves\n\nWinter is coming.", "wolves.md");
        var folder = Directory.CreateTempSubdirectory("chancery-tenants-").FullName;
        var (archive, passphrase) = (Path.Combine(folder, "stark.chancery"), Path.Combine(folder, "passphrase"));
        string[] here = ["--data", pair.Source.Storage.DataDirectory, "--json"];
        string[] there = ["--data", pair.Target.Storage.DataDirectory, "--json"];

        var list = await ChanceryProgram.RunAsync(["tenants", "list", .. here], EnvironmentOf(pair.Source));
        var letters = Directory.CreateDirectory(Path.Combine(folder, "mail")).FullName;
        var withMail = EnvironmentOf(pair.Source);
        withMail["MAIL_DIR"] = letters;
        var exported = await ChanceryProgram.RunAsync(
            ["tenants", "export", name, "--to", archive, "--reason", "They move.", .. here],
            withMail
        );
        Assert.True(list.Code == 0, list.ToString());
        Assert.Contains(list.Json.EnumerateArray(), row => row.GetProperty("tenant_id").GetGuid() == olga.TenantId);
        Assert.True(exported.Code == 0, exported.ToString());
        // By the time it ends its owners were told, and it is on record.
        Assert.Equal(1, exported.Json.GetProperty("letters").GetInt32());
        var letter = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(letters, "*.eml")), Cancel);
        Assert.Contains(olga.Email, letter, StringComparison.Ordinal);
        Assert.Contains("They move.", letter, StringComparison.Ordinal);
        await AccessApi.EventuallyAsync(
            async () =>
                (await olga.GetAsync("/api/v1/audit?limit=50"))
                    .Items()
                    .Any(entry => entry.Text("action") == "organization.exported"),
            TimeSpan.FromSeconds(20)
        );
        var made = exported.Json.GetProperty("passphrase").GetString()!;

        await File.WriteAllTextAsync(passphrase, "not the passphrase\n", Cancel);
        string[] import = ["tenants", "import", archive, "--passphrase-file", passphrase, .. there];
        var refused = await ChanceryProgram.RunAsync(import, EnvironmentOf(pair.Target));
        await File.WriteAllTextAsync(passphrase, made + "\n", Cancel);
        var imported = await ChanceryProgram.RunAsync(import, EnvironmentOf(pair.Target));
        var again = await ChanceryProgram.RunAsync(import, EnvironmentOf(pair.Target));

        Assert.True(refused.Code == 1, refused.ToString());
        Assert.Contains("another passphrase", refused.Errors, StringComparison.Ordinal);
        Assert.True(imported.Code == 0, imported.ToString());
        Assert.Equal(olga.TenantId, imported.Json.GetProperty("tenant_id").GetGuid());
        Assert.True(again.Code == 1, again.ToString());
        Assert.Contains("already", again.Errors, StringComparison.Ordinal);
        using var machine = pair.Target.Anonymous();
        var tenants = await (await machine.GetAsync($"/operator/tenants?q={olga.TenantId}", Cancel)).ReadAsync();
        Assert.Equal(1, Assert.Single(tenants.Items()).GetProperty("documents").GetInt64());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task An_organisation_is_read_by_break_glass_and_erased_and_its_receipt_checked()
    {
        var name = $"Baratheon {Guid.CreateVersion7():n}";
        var olga = await pair.Source.SignUpAsync(name);
        await olga.ReadyTextAsync("# Stags\n\nOurs is the fury.", "stags.md");
        var environment = EnvironmentOf(pair.Source);
        environment["PUBLIC_URL"] = pair.Source.Services.GetRequiredService<AccessSettings>().PublicUrl;
        string[] here = ["--data", pair.Source.Storage.DataDirectory, "--json"];
        using var machine = pair.Source.Anonymous();

        var opened = await RunAsync("access", name, "--reason", "Ticket 4711: nothing is found");
        Assert.True(opened.Code == 0, opened.ToString());
        using (var reader = new HttpClient { BaseAddress = pair.Source.Address })
        {
            reader.DefaultRequestHeaders.Authorization = new("Bearer", opened.Json.Text("access_token"));
            using var docs = await reader.GetAsync(new Uri("/api/v1/docs", UriKind.Relative), Cancel);
            Assert.Single((await docs.ReadAsync()).Items());
            var seen = Assert.Single((await olga.GetAsync("/api/v1/organization/operator-access")).Items());
            Assert.Equal(opened.Json.Id(), seen.Id());
            using (await olga.Http.DeleteAsync($"/api/v1/organization/operator-access/{seen.Id()}", Cancel)) { }
            using var ended = await reader.GetAsync(new Uri("/api/v1/docs", UriKind.Relative), Cancel);
            Assert.Equal(System.Net.HttpStatusCode.Unauthorized, ended.StatusCode);
        }

        var active = await RunAsync("erase", name, "--confirm", name);
        Assert.True(active.Code == 1, active.ToString());
        Assert.Contains("suspend", active.Errors, StringComparison.Ordinal);
        using (await machine.PostAsync($"/operator/tenants/{olga.TenantId}/suspend", null, Cancel)) { }
        var other = await RunAsync("erase", name, "--confirm", "Lannister");
        Assert.True(other.Code == 1, other.ToString());
        var later = await RunAsync("erase", name, "--confirm", name, "--after-days", "3");
        Assert.True(later.Code == 0, later.ToString());
        var back = await RunAsync("erase", name, "--cancel");
        Assert.True(back.Code == 0, back.ToString());
        var ordered = await RunAsync("erase", name, "--confirm", name);
        Assert.True(ordered.Code == 0, ordered.ToString());

        var address = new Uri(
            $"/operator/erasures/{ordered.Json.GetProperty("erasure_id").GetGuid()}",
            UriKind.Relative
        );
        var answer = "";
        await AccessApi.EventuallyAsync(
            async () =>
            {
                answer = await machine.GetStringAsync(address, Cancel);
                return System.Text.Json.JsonDocument.Parse(answer).RootElement.Text("state") == "done";
            },
            TimeSpan.FromSeconds(60)
        );
        var folder = Directory.CreateTempSubdirectory("chancery-receipt-").FullName;
        var (receipt, keys) = (Path.Combine(folder, "receipt.json"), Path.Combine(folder, "keys.json"));
        await File.WriteAllTextAsync(receipt, answer, Cancel);
        await File.WriteAllTextAsync(
            keys,
            await machine.GetStringAsync(new Uri("/.well-known/audit-keys.json", UriKind.Relative), Cancel),
            Cancel
        );

        var valid = await RunAsync("verify-receipt", receipt, "--name", name);
        Assert.True(valid.Code == 0, valid.ToString());
        Assert.Equal(olga.TenantId, valid.Json.GetProperty("says").GetProperty("organization_id").GetGuid());
        // Anywhere, with the keys alone.
        var elsewhere = await RunAsync("verify-receipt", receipt, "--keys", keys);
        Assert.True(elsewhere.Code == 0, elsewhere.ToString());
        Assert.Equal(1, (await RunAsync("verify-receipt", receipt, "--keys", keys, "--name", "Lannister")).Code);
        var jws = System.Text.Json.JsonDocument.Parse(answer).RootElement.Text("receipt").Split('.');
        var says = System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(jws[1]));
        jws[1] = System.Buffers.Text.Base64Url.EncodeToString(
            System.Text.Encoding.UTF8.GetBytes(
                says.Replace("\"documents\":1", "\"documents\":2", StringComparison.Ordinal)
            )
        );
        await File.WriteAllTextAsync(receipt, string.Join('.', jws), Cancel);
        var changed = await RunAsync("verify-receipt", receipt, "--keys", keys);
        Assert.True(changed.Code == 1, changed.ToString());
        Assert.False(changed.Json.GetProperty("is_signed").GetBoolean());
        await File.WriteAllTextAsync(keys, """{"keys": []}""", Cancel);
        Assert.Equal(1, (await RunAsync("verify-receipt", receipt, "--keys", keys)).Code);
        Directory.Delete(folder, recursive: true);

        Task<Run> RunAsync(params string[] verb) =>
            ChanceryProgram.RunAsync(["tenants", .. verb, .. here], environment);
    }

    [Fact]
    public async Task An_organisation_is_made_beside_the_server_and_its_owner_comes_in_there()
    {
        var email = $"owner-{Guid.CreateVersion7():n}@example.com";
        string[] create =
        [
            "tenants",
            "create",
            "Made here",
            "--owner",
            email,
            "--plan",
            "FREE",
            "--key",
            email,
            "--data",
            pair.Source.Storage.DataDirectory,
            "--json",
        ];

        var refused = await ChanceryProgram.RunAsync(
            [.. create[..3], "--owner", "nobody", .. create[9..]],
            EnvironmentOf(pair.Source)
        );
        var made = await ChanceryProgram.RunAsync(create, EnvironmentOf(pair.Source));
        var again = await ChanceryProgram.RunAsync(create, EnvironmentOf(pair.Source));

        Assert.True(refused.Code == 2, refused.ToString());
        Assert.Contains("email: This is not an e-mail address", refused.Errors, StringComparison.Ordinal);
        Assert.True(made.Code == 0, made.ToString());
        Assert.True(again.Code == 0, again.ToString());
        Assert.Equal("FREE", made.Json.Text("plan"));
        Assert.Equal(made.Json.Text("tenant_id"), again.Json.Text("tenant_id"));
        using var client = pair.Source.Anonymous();
        var token = again.Json.Text("url").Split("token=")[1];
        var joined = await client.PostAsync(
            "/api/v1/invitations/accept",
            new { token, password = "another long password" }
        );
        var user = (await joined.ReadAsync()).GetProperty("user");
        Assert.Equal("owner", user.Text("role"));
        Assert.Equal(made.Json.Text("tenant_id"), user.Text("tenant_id"));
    }

    private static Dictionary<string, string?> EnvironmentOf(ChanceryFixture installation) =>
        new()
        {
            ["DATABASE_URL"] = installation.OwnerConnectionString,
            ["CHANCERY_MASTER_KEY"] = ChanceryFixture.MasterKeyText,
        };
}
