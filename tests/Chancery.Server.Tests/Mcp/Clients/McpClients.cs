using System.Diagnostics;
using Chancery.Server.Tests.Architecture;

namespace Chancery.Server.Tests.Mcp.Clients;

/// <summary>
/// The protocol's own programs, unchanged. <c>./test</c> installs them (<c>eng/install.sh</c>), or <c>CHANCERY_TEST_MCP_CLIENTS</c> names
/// the folder of their modules.
/// </summary>
internal static class McpClients
{
    public const string Inspector = "@modelcontextprotocol/inspector-cli/build/cli.js";

    /// <summary>The conformance suite of revision 2025-11-25.</summary>
    public const string Conformance = "@modelcontextprotocol/conformance/dist/index.js";

    /// <summary>The one that knows 2026-07-28, too.</summary>
    public const string ConformancePreview = "conformance-preview/dist/index.js";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Runs one of them with its arguments and answers how it ended and what it wrote.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        string program,
        params string[] arguments
    )
    {
        var start = new ProcessStartInfo(
            "node",
            ["--import", Own("globSync.mjs"), Path.Combine(Folder(), program), .. arguments]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        clock.CancelAfter(Patience);
        using var node = Process.Start(start)!;
        try
        {
            var errors = node.StandardError.ReadToEndAsync(clock.Token);
            var output = await node.StandardOutput.ReadToEndAsync(clock.Token);
            await node.WaitForExitAsync(clock.Token);
            return (node.ExitCode, output, await errors);
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>A file beside these tests.</summary>
    public static string Own(string name) =>
        Path.Combine(SourceTree.Root, "tests", "Chancery.Server.Tests", "Mcp", "Clients", "node", name);

    private static string Folder()
    {
        var folder = Environment.GetEnvironmentVariable("CHANCERY_TEST_MCP_CLIENTS") is { Length: > 0 } given
            ? given
            : Path.Combine(SourceTree.Root, "artifacts", "tools", "mcp-clients", "node_modules");
        Assert.True(
            File.Exists(Path.Combine(folder, Inspector)),
            $"The clients of the Model Context Protocol are not in {folder}: ./test installs them with npm, or CHANCERY_TEST_MCP_CLIENTS names their folder."
        );
        return folder;
    }
}
