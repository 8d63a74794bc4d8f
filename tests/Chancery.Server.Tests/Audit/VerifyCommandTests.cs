using Chancery.Server.Audit.Heads;
using Chancery.Server.Tests.Commands;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Audit;

/// <summary><c>chancery audit verify</c> beside the server: all chains, an exit code for scripts.</summary>
public sealed class VerifyCommandTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Dictionary<string, string?> Environment =>
        new()
        {
            ["DATABASE_URL"] = chancery.OwnerConnectionString,
            ["CHANCERY_MASTER_KEY"] = ChanceryFixture.MasterKeyText,
        };

    [Fact]
    public async Task The_program_tells_a_whole_record_from_an_edited_one_and_proves_the_end_by_a_kept_file()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, 4);
        await chancery.GivenEntriesAsync(Guid.CreateVersion7(), 2);
        var head = await chancery
            .Services.GetRequiredService<HeadStore>()
            .SignAsync(tenant, TimeProvider.System.GetUtcNow(), Cancel);
        var kept = Path.Combine(Directory.CreateTempSubdirectory("chancery-heads-").FullName, "heads.jsonl");
        await File.WriteAllTextAsync(kept, HeadLine.Of(head!).ToJson() + "\n", Cancel);

        var whole = await ChanceryProgram.RunAsync(["audit", "verify", "--head", kept], Environment);
        await chancery.AsOwnerAsync(
            "UPDATE audit_entries SET subject_id = 'another' WHERE tenant_id = @tenant AND seq = 2",
            new { tenant }
        );
        var edited = await ChanceryProgram.RunAsync(
            ["audit", "verify", "--tenant", $"{tenant}", "--json"],
            Environment
        );
        await File.WriteAllTextAsync(kept, "not a head\n", Cancel);
        var garbage = await ChanceryProgram.RunAsync(["audit", "verify", "--head", kept], Environment);

        Assert.True(whole.Code == 0, whole.ToString());
        Assert.Contains($"{tenant}: whole, 4 entries, 1 to 4", whole.Output, StringComparison.Ordinal);
        Assert.Contains("The end is proven", whole.Output, StringComparison.Ordinal);
        Assert.Contains("The end is unproven", whole.Output, StringComparison.Ordinal);
        Assert.True(edited.Code == 1, edited.ToString());
        var report = Assert.Single(edited.Json.EnumerateArray());
        Assert.Equal("edited", report.GetProperty("findings")[0].GetProperty("kind").GetString());
        Assert.Equal(2, report.GetProperty("findings")[0].GetProperty("seq").GetInt64());
        Assert.True(garbage.Code == 2, garbage.ToString());
        Assert.Contains("Line 1 holds no signed head", garbage.Errors, StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(kept)!, recursive: true);
    }

    [Fact]
    public async Task What_an_operator_does_on_the_machine_is_in_the_installations_record()
    {
        var made = await ChanceryProgram.RunAsync(["operator", "create", "Ops on record", "--json"], Environment);

        Assert.True(made.Code == 0, made.ToString());
        var row = Assert.Single(await chancery.RecordOfAsync(Guid.Empty), row => row.Action == "operator.created");
        Assert.Equal(("operator", "machine"), (row.ActorKind, row.CredentialKind));
        Assert.True(Guid.TryParse(row.SubjectId, out _));
        Assert.Equal(System.Environment.UserName, row.Name);
    }
}
