using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Gateway.Translation;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Responses;

/// <summary>Reads the input of a request to OpenAI's Responses API.</summary>
internal static class ResponsesReader
{
    /// <exception cref="RequestFault">Something in it is wrong, or is not supported here.</exception>
    public static List<ChatMessage> Read(RequestJson root)
    {
        var messages = new List<ChatMessage>();
        if (root.Text("instructions") is { Length: > 0 } instructions)
        {
            messages.Add(new ChatMessage(ChatRole.System, instructions));
        }

        switch (root.Find("input"))
        {
            case null:
                throw root.Wrong("input", "is missing");
            case { ValueKind: JsonValueKind.String }:
                messages.Add(new ChatMessage(ChatRole.User, root.Text("input")));
                return messages;
        }

        var items = 0;
        foreach (var item in root.Objects("input"))
        {
            items++;
            var (role, contents) = ItemOf(item);
            // A turn of the model is several items here, and one message everywhere else.
            if (role == ChatRole.Assistant && messages.Count > 0 && messages[^1].Role == role)
            {
                messages[^1].Contents = [.. messages[^1].Contents, .. contents];
            }
            else if (role == ChatRole.Tool && contents.Count > 1)
            {
                // Pictures of a result are the user's: other protocols take them nowhere else.
                messages.Add(new ChatMessage(role, [contents[0]]));
                messages.Add(new ChatMessage(ChatRole.User, [.. contents.Skip(1)]));
            }
            else
            {
                messages.Add(new ChatMessage(role, contents));
            }
        }

        return items > 0 ? messages : throw root.Wrong("input", "must hold at least one item");
    }

    private static (ChatRole Role, List<AIContent> Contents) ItemOf(RequestJson item)
    {
        switch (item.Text("type") ?? "message")
        {
            case "message":
                return (RoleOf(item), ContentsOf(item, "content"));
            case "function_call":
                return (
                    ChatRole.Assistant,
                    [
                        new FunctionCallContent(
                            item.NeededText("call_id"),
                            item.NeededText("name"),
                            ArgumentsText.Parse(item.Text("arguments"), $"{item.Path}.arguments")
                        ),
                    ]
                );
            case "function_call_output":
                var output = ContentsOf(item, "output");
                return (
                    ChatRole.Tool,
                    [
                        new FunctionResultContent(
                            item.NeededText("call_id"),
                            string.Concat(output.OfType<TextContent>().Select(text => text.Text))
                        ),
                        .. output.Where(content => content is DataContent or UriContent),
                    ]
                );
            case "reasoning":
                return (ChatRole.Assistant, [.. ThoughtsOf(item)]);
            case "item_reference":
                throw item.Wrong("type", "is item_reference, but nothing is stored here: send the item itself");
            case var other:
                throw item.Wrong("type", $"is {other}, which is not supported here");
        }
    }

    private static ChatRole RoleOf(RequestJson item) =>
        item.NeededText("role") switch
        {
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            "system" or "developer" => ChatRole.System,
            _ => throw item.Wrong("role", "must be user, assistant, system or developer"),
        };

    private static List<AIContent> ContentsOf(RequestJson owner, string name) =>
        owner.Find(name) switch
        {
            null => throw owner.Wrong(name, "is missing"),
            { ValueKind: JsonValueKind.String } => [new TextContent(owner.Text(name))],
            _ => [.. owner.Objects(name).Select(PartOf)],
        };

    private static AIContent PartOf(RequestJson part) =>
        part.NeededText("type") switch
        {
            "input_text" or "output_text" or "text" => new TextContent(part.NeededText("text")),
            "refusal" => new TextContent(part.NeededText("refusal")),
            "input_image" => ImageOf(part),
            "input_file" => FileOf(part),
            var other => throw part.Wrong("type", $"is {other}, which is not supported here"),
        };

    private static AIContent ImageOf(RequestJson part)
    {
        var image = Addressed(part, "image_url", "image/*");
        if (part.Text("detail") is { } detail)
        {
            image.AdditionalProperties = new() { ["detail"] = detail };
        }

        return image;
    }

    private static AIContent FileOf(RequestJson part)
    {
        var file = Addressed(part, part.Has("file_url") ? "file_url" : "file_data", "application/pdf");
        if (file is DataContent data)
        {
            data.Name = part.Text("filename");
        }

        return file;
    }

    private static AIContent Addressed(RequestJson part, string name, string kind)
    {
        var text = part.NeededText(name);
        try
        {
            return text.StartsWith("data:", StringComparison.Ordinal)
                ? new DataContent(text)
                : new UriContent(new Uri(text), kind);
        }
        catch (Exception exception) when (exception is UriFormatException or ArgumentException)
        {
            throw part.Wrong(name, "must be an address, or data: with base64");
        }
    }

    /// <summary>Only with its provider's proof: a summary alone is nothing that a model takes back.</summary>
    private static IEnumerable<TextReasoningContent> ThoughtsOf(RequestJson item)
    {
        if (item.Text("encrypted_content") is not { Length: > 0 } proof)
        {
            yield break;
        }

        var summary = string.Concat(item.Objects("summary").Select(part => part.Text("text")));
        yield return summary.Length == 0
            ? new TextReasoningContent("") { ProtectedData = proof }
            : new TextReasoningContent(summary)
            {
                ProtectedData = proof,
                AdditionalProperties = new() { [AnswerProperties.Signature] = proof },
            };
    }
}
