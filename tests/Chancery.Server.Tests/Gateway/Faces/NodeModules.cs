using System.Diagnostics;
using Chancery.Server.Tests.Architecture;

namespace Chancery.Server.Tests.Gateway.Faces;

/// <summary>
/// Node with the official packages. <c>./test</c> installs them (<c>eng/install.sh</c>), or <c>CHANCERY_TEST_MODEL_CLIENTS</c> names
/// the folder of their modules.
/// </summary>
internal static class NodeModules
{
    public static async Task<(string Output, string Errors)> RunAsync(
        string script,
        FacesFixture chancery,
        TimeSpan patience
    )
    {
        var start = new ProcessStartInfo("node", [script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MODULES"] = Folder();
        start.Environment["SERVER"] = chancery.Address.GetLeftPart(UriPartial.Authority);
        start.Environment["KEY"] = chancery.Key;
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        clock.CancelAfter(patience);
        using var node = Process.Start(start)!;
        try
        {
            var errors = node.StandardError.ReadToEndAsync(clock.Token);
            var output = await node.StandardOutput.ReadToEndAsync(clock.Token);
            await node.WaitForExitAsync(clock.Token);
            return (output, await errors);
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill(entireProcessTree: true);
            }
        }
    }

    public static string Folder()
    {
        var folder = Environment.GetEnvironmentVariable("CHANCERY_TEST_MODEL_CLIENTS") is { Length: > 0 } given
            ? given
            : Path.Combine(SourceTree.Root, "artifacts", "tools", "model-clients", "node_modules");
        Assert.True(
            Directory.Exists(Path.Combine(folder, "openai")),
            $"openai and @anthropic-ai/sdk are not in {folder}: ./test installs them with npm, or CHANCERY_TEST_MODEL_CLIENTS names their folder."
        );
        return folder;
    }
}
