using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Gateway.Translation;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Messages;

/// <summary>Reads the turns of a request of Anthropic's.</summary>
internal static class MessagesReader
{
    /// <exception cref="RequestFault">Something in it is wrong, or is not supported here.</exception>
    public static List<ChatMessage> Read(RequestJson root)
    {
        var messages = new List<ChatMessage>();
        if (ContentsOf(root, "system") is { Count: > 0 } system)
        {
            messages.Add(new ChatMessage(ChatRole.System, system));
        }

        var turns = 0;
        foreach (var turn in root.Objects("messages"))
        {
            turns++;
            var contents = ContentsOf(turn, "content");
            switch (turn.NeededText("role"))
            {
                case "user":
                    AddUser(messages, contents);
                    break;
                case "assistant":
                    messages.Add(new ChatMessage(ChatRole.Assistant, contents));
                    break;
                case "system":
                    messages.Add(new ChatMessage(ChatRole.System, contents));
                    break;
                default:
                    throw turn.Wrong("role", "must be user or assistant");
            }
        }

        return turns > 0 ? messages : throw root.Wrong("messages", "must hold at least one message");
    }

    /// <summary>Results of tools come first, as messages of their own: other protocols have a role for them.</summary>
    private static void AddUser(List<ChatMessage> messages, List<AIContent> contents)
    {
        messages.AddRange(
            contents.OfType<FunctionResultContent>().Select(result => new ChatMessage(ChatRole.Tool, [result]))
        );
        List<AIContent> others = [.. contents.Where(content => content is not FunctionResultContent)];
        if (others.Count > 0)
        {
            messages.Add(new ChatMessage(ChatRole.User, others));
        }
    }

    private static List<AIContent> ContentsOf(RequestJson owner, string name) =>
        owner.Find(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } => [new TextContent(owner.Text(name))],
            _ => [.. owner.Objects(name).SelectMany(BlockOf)],
        };

    private static IEnumerable<AIContent> BlockOf(RequestJson block)
    {
        switch (block.NeededText("type"))
        {
            case "text":
                return [Marked(new TextContent(block.NeededText("text")), block)];
            case "image":
                return [Marked(FileOf(block, "image/*"), block)];
            case "document":
                return [Marked(DocumentOf(block), block)];
            case "tool_use":
                return
                [
                    Marked(
                        new FunctionCallContent(
                            block.NeededText("id"),
                            block.NeededText("name"),
                            ArgumentsText.Parse(block.Find("input") ?? default, $"{block.Path}.input")
                        ),
                        block
                    ),
                ];
            case "tool_result":
                return ResultOf(block);
            case "thinking":
                return [ThoughtOf(block)];
            case "redacted_thinking":
                return [new TextReasoningContent("") { ProtectedData = block.NeededText("data") }];
            case var other:
                throw block.Wrong("type", $"is {other}, which is not supported here");
        }
    }

    /// <summary>Its texts are the result; pictures in it follow as the user's, since other protocols take them nowhere else.</summary>
    private static IEnumerable<AIContent> ResultOf(RequestJson block)
    {
        var contents = ContentsOf(block, "content");
        var result = new FunctionResultContent(
            block.NeededText("tool_use_id"),
            string.Concat(contents.OfType<TextContent>().Select(text => text.Text))
        )
        {
            Exception = block.Flag("is_error") ? new ToolFailed() : null,
        };
        return [Marked(result, block), .. contents.Where(content => content is DataContent or UriContent)];
    }

    private static TextReasoningContent ThoughtOf(RequestJson block)
    {
        var thought = new TextReasoningContent(block.NeededText("thinking"));
        // What a model without signatures thought goes back to none.
        if (block.Text("signature") is { Length: > 0 } signature)
        {
            thought.ProtectedData = signature;
            thought.AdditionalProperties = new() { [AnswerProperties.Signature] = signature };
        }

        return thought;
    }

    private static AIContent DocumentOf(RequestJson block)
    {
        var source = block.Object("source") ?? throw block.Wrong("source", "is missing");
        return source.Text("type") is "text"
            ? new TextContent(source.NeededText("data"))
            : FileOf(block, "application/pdf");
    }

    private static AIContent FileOf(RequestJson block, string kind)
    {
        var source = block.Object("source") ?? throw block.Wrong("source", "is missing");
        switch (source.NeededText("type"))
        {
            case "base64":
                try
                {
                    return new DataContent(
                        Convert.FromBase64String(source.NeededText("data")),
                        source.NeededText("media_type")
                    );
                }
                catch (Exception exception) when (exception is FormatException or ArgumentException)
                {
                    throw source.Wrong("data", "must be base64 of the given media_type");
                }

            case "url":
                return Uri.TryCreate(source.NeededText("url"), UriKind.Absolute, out var address)
                    ? new UriContent(address, kind)
                    : throw source.Wrong("url", "must be an address");
            case var other:
                throw source.Wrong("type", $"is {other}, which is not supported here: send base64 or url");
        }
    }

    /// <summary>Anthropic's own models are told where their provider's cache is to begin.</summary>
    private static AIContent Marked(AIContent content, RequestJson block)
    {
        if (block.Object("cache_control") is { Json: var control })
        {
            content.AdditionalProperties = new() { ["cache_control"] = control };
        }

        return content;
    }

    private sealed class ToolFailed() : Exception("The tool failed.");
}
