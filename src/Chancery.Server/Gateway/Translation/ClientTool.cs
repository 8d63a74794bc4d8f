using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Translation;

/// <summary>A tool of the client's, which the client runs.</summary>
/// <param name="schema">Of its arguments; null where it takes none.</param>
internal sealed class ClientTool(string name, string? description, JsonElement? schema) : AIFunctionDeclaration
{
    private static readonly JsonElement NoArguments = JsonElement.Parse("""{"type":"object","properties":{}}""");

    public override string Name => name;

    public override string Description => description ?? "";

    public override JsonElement JsonSchema => schema ?? NoArguments;
}
