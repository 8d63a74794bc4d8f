using System.Net;
using System.Security.Cryptography;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Commands;

/// <summary>Another master key for a real installation that holds documents, with the program itself.</summary>
public sealed class KeyRotationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_master_key_is_changed_cut_off_and_finished_and_everything_is_read_with_the_new_one_only()
    {
        const string secret = "The notice period is 30 days.";
        var root = ServerProcess.NewDirectory();
        var data = Path.Combine(root, "data");
        var keyFile = Path.Combine(data, "keys", "master.key");
        var next = keyFile + ".next";
        TestUser olga;
        string key;
        AuthenticatorApp app;
        Guid document;
        await using (var server = await ServerProcess.StartAsync(data))
        {
            olga = await server.SignUpAsync();
            document = (await olga.ReadyTextAsync($"# Notice\n\n{secret}", "notice.md")).Id();
            (key, _) = await olga.CreateKeyAsync();
            app = await AuthenticatorApp.AddAsync(olga);

            var running = await ChanceryProgram.RunAsync(["keys", "rotate", "--data", data]);
            Assert.Equal(1, running.Code);
            Assert.Contains("Stop it first", running.Errors, StringComparison.Ordinal);
            Assert.False(File.Exists(next));
        }

        var before = await File.ReadAllTextAsync(keyFile, Cancel);

        // Killed as soon as it has a new key, whatever it has done with it by then.
        using (var killed = ChanceryProgram.Start(["keys", "rotate", "--data", data]))
        {
            while (!File.Exists(next) && !killed.HasExited)
            {
                await Task.Delay(5, Cancel);
            }

            killed.Kill();
            await killed.WaitForExitAsync(Cancel);
        }

        if (File.Exists(next))
        {
            var refused = await ChanceryProgram.RunAsync(["serve", "--data", data, "--port", "0"]);
            Assert.Equal(1, refused.Code);
            Assert.Contains("keys rotate", refused.Errors, StringComparison.Ordinal);
        }

        var rotated = await ChanceryProgram.RunAsync(["keys", "rotate", "--data", data, "--json"]);
        Assert.True(rotated.Code == 0, rotated.ToString());
        var after = await File.ReadAllTextAsync(keyFile, Cancel);
        Assert.NotEqual(before, after);
        Assert.False(File.Exists(next));
        Assert.Equal(before, await File.ReadAllTextAsync(rotated.Json.GetProperty("old_key").GetString()!, Cancel));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(keyFile) & ~UnixFileMode.SetUser
        );

        // Cut off after everything was wrapped and before the files changed places.
        await File.WriteAllTextAsync(next, after, Cancel);
        await File.WriteAllTextAsync(keyFile, before, Cancel);
        var again = await ChanceryProgram.RunAsync(["keys", "rotate", "--data", data, "--json"]);
        Assert.True(again.Code == 0, again.ToString());
        Assert.True(again.Json.GetProperty("was_done").GetBoolean());
        Assert.Equal(after, await File.ReadAllTextAsync(keyFile, Cancel));

        // The old key opens nothing any more; nor does one that was never ours change anything.
        var old = await ChanceryProgram.RunAsync(
            ["serve", "--data", data, "--port", "0"],
            new Dictionary<string, string?> { ["CHANCERY_MASTER_KEY"] = before.Trim() }
        );
        Assert.Equal(1, old.Code);
        Assert.Contains("master key", old.Errors, StringComparison.Ordinal);
        var foreign = await ChanceryProgram.RunAsync(
            ["keys", "rotate", "--data", data],
            new Dictionary<string, string?>
            {
                ["CHANCERY_MASTER_KEY"] = before.Trim(),
                ["CHANCERY_NEW_MASTER_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            }
        );
        Assert.Equal(1, foreign.Code);
        Assert.Contains("Nothing was changed", foreign.Errors, StringComparison.Ordinal);

        await using (var server = await ServerProcess.StartAsync(data))
        {
            // Tokens and keys from before count, and files are read.
            Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(server.Address, olga.AccessToken));
            Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(server.Address, key));
            using var client = ChanceryFixture.Client(server.Address);
            client.DefaultRequestHeaders.Add("X-API-Key", key);
            var file = await client.GetStringAsync($"/api/v1/docs/{document}/versions/1/content", Cancel);
            Assert.Contains(secret, file, StringComparison.Ordinal);

            // The seed of an authenticator app is opened, and the last owner who loses it is helped on the machine.
            using var anonymous = ChanceryFixture.Client(server.Address);
            var asked = await (
                await anonymous.PostAsync("/api/v1/auth/login", new { email = olga.Email, password = olga.Password })
            ).ReadAsync(HttpStatusCode.Unauthorized);
            var given = await anonymous.PostAsync(
                "/api/v1/auth/second-factor",
                new { challenge = asked.GetProperty("challenge").GetString(), code = app.Code() }
            );
            Assert.Equal(HttpStatusCode.OK, given.StatusCode);
            var reset = await ChanceryProgram.RunAsync([
                "operator",
                "reset-second-factors",
                olga.Email,
                "--data",
                data,
                "--json",
            ]);
            Assert.True(reset.Code == 0, reset.ToString());
            var nobody = await ChanceryProgram.RunAsync([
                "operator",
                "reset-second-factors",
                "nobody@example.com",
                "--data",
                data,
            ]);
            Assert.Equal(1, nobody.Code);

            // And what is made now is made with the new one.
            var newcomer = await server.SignInAsync(olga.Email, olga.Password);
            await newcomer.ReadyTextAsync("# Later\n\nWritten after the change.", "later.md");

            // An operator is made beside the running server.
            var made = await ChanceryProgram.RunAsync(["operator", "create", "Ops on call", "--data", data, "--json"]);
            Assert.True(made.Code == 0, made.ToString());
            client.DefaultRequestHeaders.Remove("X-API-Key");
            client.DefaultRequestHeaders.Authorization = new("Bearer", made.Json.GetProperty("token").GetString());
            using var metrics = await client.GetAsync("/metrics", Cancel);
            Assert.Equal(HttpStatusCode.OK, metrics.StatusCode);
            var revoked = await ChanceryProgram.RunAsync(["operator", "revoke", "ops on call", "--data", data]);
            Assert.True(revoked.Code == 0, revoked.ToString());
            using var closed = await client.GetAsync("/metrics", Cancel);
            Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
        }

        Directory.Delete(root, recursive: true);
    }
}
