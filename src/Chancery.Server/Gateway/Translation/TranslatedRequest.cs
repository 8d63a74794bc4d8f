using Chancery.Models;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Translation;

/// <summary>A request of any protocol, as any model can be asked it.</summary>
/// <param name="Model">A model, a chain or <c>knowledge/…</c>; empty for the installation's chain.</param>
/// <param name="OptionsFor">Made for the model, since not all of them take the same.</param>
internal sealed record TranslatedRequest(
    string Model,
    bool IsStreamed,
    IReadOnlyList<ChatMessage> Messages,
    Func<ChatModel, ChatOptions> OptionsFor
)
{
    // About what the large providers count for a picture, and for a page of a document.
    private const int TokensOfImage = 1_500;
    private const int BytesOfPage = 50_000;
    private const int TokensOfFrame = 4;

    public long? MostTokens { get; init; }

    public float? Temperature { get; init; }

    /// <summary>Whether it asks for thinking, of any effort.</summary>
    public bool IsReasoned { get; init; }

    public IReadOnlyList<AITool> Tools { get; init; } = [];

    public ModelNeeds Needs =>
        (Tools.Count > 0 ? ModelNeeds.Tools : ModelNeeds.None)
        | (
            Messages.SelectMany(message => message.Contents).Any(content => content is DataContent or UriContent)
                ? ModelNeeds.Images
                : ModelNeeds.None
        );

    /// <summary>Of messages and tools: an estimate on the high side.</summary>
    public long InputTokens =>
        Messages.Sum(message => TokensOfFrame + message.Contents.Sum(TokensOf)) + Tools.Sum(TokensOf);

    /// <summary>For a question to documents; pictures and tools are not asked about.</summary>
    public IReadOnlyList<(string Role, string Text)> Texts =>
        [.. Messages.Select(message => (message.Role.Value, message.Text))];

    private static long TokensOf(AIContent content) =>
        content switch
        {
            TextContent text => TokenEstimate.Of(text.Text),
            TextReasoningContent thought => TokenEstimate.Of(thought.Text),
            DataContent { MediaType: "application/pdf" } file => TokensOfImage * (1 + (file.Data.Length / BytesOfPage)),
            DataContent or UriContent => TokensOfImage,
            FunctionCallContent call => TokensOfFrame
                + TokenEstimate.Of(call.Name)
                + (call.Arguments?.Sum(argument => TokenEstimate.Of($"{argument.Key}: {argument.Value}")) ?? 0),
            FunctionResultContent result => TokensOfFrame + TokenEstimate.Of(result.Result?.ToString() ?? ""),
            _ => 0,
        };

    private static long TokensOf(AITool tool) =>
        TokensOfFrame
        + TokenEstimate.Of(tool.Name)
        + TokenEstimate.Of(tool.Description)
        + (tool is AIFunctionDeclaration function ? TokenEstimate.Of(function.JsonSchema.GetRawText()) : 0);
}
