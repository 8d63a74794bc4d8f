using System.Text;
using Chancery.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Caching;

/// <summary>Reads a whole answer off its parts. One for each answer. Not safe for concurrent use.</summary>
/// <typeparam name="T">A part, as the caller wants to have it.</typeparam>
public interface IAnswerReading<in T>
{
    /// <summary>False once there is something in it that is not kept, such as a call of a tool: then it is not asked again.</summary>
    public bool Take(T part);

    /// <summary>All of it so far.</summary>
    public (string Text, string? Reasoning) Read();
}

/// <summary>Turns parts of answers into what is kept, and back. Safe for concurrent use.</summary>
public interface IAnswerCodec<T>
{
    public IAnswerReading<T> Begin();

    /// <summary>The parts of an answer that is kept; its usage is none.</summary>
    public IEnumerable<T> Replay(CachedAnswer answer);
}

/// <summary>Answers as updates of Microsoft.Extensions.AI.</summary>
public sealed class UpdateCodec : IAnswerCodec<ChatResponseUpdate>
{
    public static UpdateCodec Instance { get; } = new();

    public IAnswerReading<ChatResponseUpdate> Begin() => new Reading();

    public IEnumerable<ChatResponseUpdate> Replay(CachedAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var id = $"cached-{Guid.CreateVersion7():n}";
        if (answer.Reasoning is { } reasoning)
        {
            yield return Update(id, answer, new TextReasoningContent(reasoning));
        }

        yield return Update(id, answer, new TextContent(answer.Text));
        var end = Update(id, answer, new UsageContent(NoUsage()));
        end.FinishReason = ChatFinishReason.Stop;
        yield return end;
    }

    internal static UsageDetails NoUsage() =>
        new()
        {
            InputTokenCount = 0,
            OutputTokenCount = 0,
            TotalTokenCount = 0,
        };

    private static ChatResponseUpdate Update(string id, CachedAnswer answer, AIContent content) =>
        new(ChatRole.Assistant, [content]) { ResponseId = id, ModelId = answer.ResponseModel ?? answer.Model };

    private sealed class Reading : IAnswerReading<ChatResponseUpdate>
    {
        private readonly StringBuilder _text = new();
        private readonly StringBuilder _reasoning = new();

        public bool Take(ChatResponseUpdate part)
        {
            if (
                part.AdditionalProperties is { } properties
                && (
                    properties.ContainsKey(AnswerProperties.LogProbabilities)
                    || properties.ContainsKey(AnswerProperties.Refusal)
                )
            )
            {
                return false;
            }

            foreach (var content in part.Contents)
            {
                switch (content)
                {
                    case TextContent text when text.AdditionalProperties is null or { Count: 0 }:
                        _text.Append(text.Text);
                        break;
                    // With a proof it belongs to one conversation with its provider.
                    case TextReasoningContent { ProtectedData: null } thought
                        when thought.AdditionalProperties is null or { Count: 0 }:
                        _reasoning.Append(thought.Text);
                        break;
                    case UsageContent:
                        break;
                    default:
                        return false;
                }
            }

            return _text.Length + _reasoning.Length <= CachedAnswer.LongestText;
        }

        public (string Text, string? Reasoning) Read() =>
            (_text.ToString(), _reasoning.Length == 0 ? null : _reasoning.ToString());
    }
}
