using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Access.Lifecycle;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

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
        var exported = await ChanceryProgram.RunAsync(
            ["tenants", "export", name, "--to", archive, "--reason", "They move.", .. here],
            EnvironmentOf(pair.Source)
        );
        Assert.True(list.Code == 0, list.ToString());
        Assert.Contains(list.Json.EnumerateArray(), row => row.GetProperty("tenant_id").GetGuid() == olga.TenantId);
        Assert.True(exported.Code == 0, exported.ToString());
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
