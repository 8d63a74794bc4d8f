using System.Diagnostics;
using Chancery.Server.Platform.Telemetry;
using Chancery.Server.Platform.Telemetry.Tracing;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Telemetry;

/// <summary>One call to one target, from just before it is sent to its end. For one user at a time.</summary>
/// <remarks>Disposed without an end it counts as failed. Where nobody listens all of this does nothing.</remarks>
public sealed class ModelCallScope : IDisposable
{
    internal static readonly ModelCallScope Unheard = new();

    private const int LongestName = 128;

    private readonly ModelCallTelemetry? _telemetry;
    private readonly Activity? _span;
    private readonly string _operation = "";
    private readonly string _provider = "";
    private readonly string _model = "";
    private readonly bool _streamed;
    private readonly bool _capturesContent;
    private readonly TagList _tags;
    private readonly long _began;
    private long _lastPart;
    private TimeSpan? _firstPart;
    private int _resent;
    private bool _ended;

    private ModelCallScope() => _ended = true;

    internal ModelCallScope(ModelCallTelemetry telemetry, ActivitySource source, in ModelCallStart start)
    {
        _telemetry = telemetry;
        _operation = start.Operation;
        _provider = start.Provider;
        _model = start.Model;
        _streamed = start.Streamed;
        _tags = new TagList
        {
            { GenAI.OperationName, start.Operation },
            { GenAI.ProviderName, GenAI.ProviderOf(start.Provider) },
            { GenAI.RequestModel, start.Model },
        };
        if (start.Address is { } address)
        {
            _tags.Add(GenAI.ServerAddress, address.Host);
            _tags.Add(GenAI.ServerPort, address.Port);
        }

        _began = telemetry.Time.GetTimestamp();
        if (source.HasListeners())
        {
            // All that a sampler may decide by is there from the start.
            _span = source.StartActivity(
                $"{start.Operation} {start.Model}",
                start.InProcess ? ActivityKind.Internal : ActivityKind.Client,
                parentContext: default,
                tags: _tags
            );
        }

        if (_span is { IsAllDataRequested: true })
        {
            Describe(_span, start);
            // Which version of a prompt did it is asked whatever names a back end reads; older conventions have none for it.
            _span.SetTag(GenAI.PromptName, start.PromptName);
            _span.SetTag(GenAI.PromptVersion, start.PromptVersion);
            if (telemetry.Settings.SaysNewest)
            {
                _span.SetTag(GenAI.Newest.ReasoningLevel, start.ReasoningLevel);
            }

            _capturesContent = telemetry.Settings.Captures(start.Tenant);
        }
    }

    /// <summary>Whether <see cref="Asked"/> and <see cref="Answered"/> do anything; ask before making something for them.</summary>
    public bool CapturesContent => _capturesContent;

    /// <summary>The messages that are sent, in their order; only where the operator captures content.</summary>
    public void Asked(IEnumerable<ChatMessage> messages)
    {
        if (_capturesContent)
        {
            _span!.SetTag(GenAI.InputMessages, CapturedContent.Of(messages, finishReason: null));
        }
    }

    /// <summary>The messages that came back; only where the operator captures content.</summary>
    public void Answered(IEnumerable<ChatMessage> messages, string? finishReason)
    {
        if (_capturesContent)
        {
            _span!.SetTag(GenAI.OutputMessages, CapturedContent.Of(messages, finishReason));
        }
    }

    /// <summary>The same target is asked once more: the request below says which repetition it is.</summary>
    public void Resent() => _span?.SetCustomProperty(SpanNames.Resent, ++_resent);

    /// <summary>The first part of a streamed answer with content has come; later ones are counted by <see cref="Part"/>.</summary>
    public void FirstPart()
    {
        if (_ended || _firstPart is not null)
        {
            return;
        }

        _lastPart = _telemetry!.Time.GetTimestamp();
        _firstPart = _telemetry.Time.GetElapsedTime(_began, _lastPart);
        if (_streamed)
        {
            _telemetry.Instruments.FirstChunk(_firstPart.Value.TotalSeconds, _tags);
        }
    }

    /// <summary>One more part of a streamed answer has come.</summary>
    public void Part()
    {
        if (_ended)
        {
            return;
        }

        if (_firstPart is null)
        {
            FirstPart();
            return;
        }

        var now = _telemetry!.Time.GetTimestamp();
        if (_streamed)
        {
            _telemetry.Instruments.Chunk(_telemetry.Time.GetElapsedTime(_lastPart, now).TotalSeconds, _tags);
        }

        _lastPart = now;
    }

    public void Succeeded(in ModelCallEnd end) => End(errorType: null, end, message: null);

    /// <param name="errorType">Of few values: an HTTP status, the name of an exception's type, or a code of ours.</param>
    /// <param name="end">What the provider reported nevertheless.</param>
    /// <param name="message">What a person can make something of; its secrets are taken out.</param>
    public void Failed(string errorType, in ModelCallEnd end, string? message = null) => End(errorType, end, message);

    public void Dispose()
    {
        if (!_ended)
        {
            End(GenAI.OtherError, default, "The call was left without an end.");
        }
    }

    private void End(string? errorType, in ModelCallEnd end, string? message)
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        var took = _telemetry!.Time.GetElapsedTime(_began);
        var tags = _tags;
        if (end.ResponseModel is { } model)
        {
            tags.Add(GenAI.ResponseModel, Short(model));
        }

        if (end is { Estimated: true } && (end.HasInput || end.OutputTokens is not null))
        {
            _telemetry.Meter.UsageEstimated(_provider, _model);
        }
        else
        {
            _telemetry.Instruments.Used(end, tags);
        }

        if (errorType is not null)
        {
            tags.Add(GenAI.ErrorType, Short(errorType));
        }

        _telemetry.Instruments.Took(_operation, took.TotalSeconds, tags);
        if (_span is not null)
        {
            Tell(_span, errorType, end, message);
            _span.Dispose();
        }
    }

    private static void Describe(Activity span, in ModelCallStart start)
    {
        if (start.Streamed)
        {
            span.SetTag(GenAI.Streamed, true);
        }

        if (start.Choices is { } choices and not 1)
        {
            span.SetTag(GenAI.Choices, choices);
        }

        span.SetTag(GenAI.ConversationId, start.ConversationId);
        span.SetTag(GenAI.OutputType, start.OutputType);
        span.SetTag(GenAI.Seed, start.Seed);
        span.SetTag(GenAI.MaxTokens, start.MaxTokens);
        span.SetTag(GenAI.Temperature, start.Temperature);
        span.SetTag(GenAI.TopP, start.TopP);
        span.SetTag(GenAI.TopK, start.TopK);
        span.SetTag(GenAI.FrequencyPenalty, start.FrequencyPenalty);
        span.SetTag(GenAI.PresencePenalty, start.PresencePenalty);
        span.SetTag(GenAI.StopSequences, start.StopSequences?.ToArray());
        span.SetTag(GenAI.Dimensions, start.Dimensions);
        span.SetTag(GenAI.EncodingFormats, start.EncodingFormat is { } format ? new[] { format } : null);
        span.SetTag(GenAI.OpenAIApi, start.OpenAIApi);
        span.SetTag(GenAI.Tenant, start.Tenant?.ToString());
        span.SetTag(GenAI.User, start.UserId?.ToString());
        span.SetTag(GenAI.Key, start.KeyId?.ToString());
        if (start.Attempt > 0)
        {
            span.SetTag(GenAI.Attempt, start.Attempt);
            span.SetTag(GenAI.FallbackIndex, start.FallbackIndex);
        }

        if (start.IsHedge)
        {
            span.SetTag(GenAI.Hedge, true);
        }
    }

    private void Tell(Activity span, string? errorType, in ModelCallEnd end, string? message)
    {
        if (span.IsAllDataRequested)
        {
            span.SetTag(GenAI.ResponseId, end.ResponseId);
            span.SetTag(GenAI.ResponseModel, end.ResponseModel);
            span.SetTag(GenAI.FinishReasons, end.FinishReason is { } reason ? new[] { reason } : null);
            if (_streamed && _firstPart is { } first)
            {
                span.SetTag(GenAI.TimeToFirstChunk, first.TotalSeconds);
            }

            TellUsage(span, end);
            if (errorType is null && end.ResponseId is { } response)
            {
                span.Parent?.SetCustomProperty(SpanNames.NewestResponse, response);
            }
        }

        if (errorType is null)
        {
            return;
        }

        var description = SecretMask.Of(message ?? errorType);
        span.SetTag(GenAI.ErrorType, Short(errorType));
        span.SetStatus(ActivityStatusCode.Error, description);
        span.AddEvent(
            new ActivityEvent(
                GenAI.ExceptionEvent,
                tags: new ActivityTagsCollection
                {
                    ["exception.type"] = Short(errorType),
                    ["exception.message"] = description,
                }
            )
        );
    }

    private void TellUsage(Activity span, in ModelCallEnd end)
    {
        if (end.Estimated)
        {
            span.SetTag(GenAI.UsageEstimated, true);
            return;
        }

        if (end.HasInput)
        {
            span.SetTag(GenAI.InputTokens, end.AllInput);
        }

        span.SetTag(GenAI.OutputTokens, end.OutputTokens);
        span.SetTag(GenAI.CacheReadTokens, end.CacheReadTokens);
        if (_telemetry!.Settings.SaysReleased)
        {
            span.SetTag(GenAI.CacheCreationTokens, end.CacheWriteTokens);
        }

        if (_telemetry.Settings.SaysNewest)
        {
            span.SetTag(GenAI.Newest.CacheWriteTokens, end.CacheWriteTokens);
        }

        span.SetTag(GenAI.ReasoningTokens, end.ReasoningTokens);
    }

    // Some of it is a stranger's text, and a label's values stay in memory.
    private static string Short(string name) => name.Length <= LongestName ? name : name[..LongestName];
}
