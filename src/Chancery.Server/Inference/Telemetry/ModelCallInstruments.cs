using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Chancery.Server.Inference.Telemetry;

/// <summary>The figures of calls to models, under the names that the settings choose.</summary>
internal sealed class ModelCallInstruments
{
    private readonly Histogram<long>? _tokens;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double>? _firstChunk;
    private readonly Histogram<double>? _chunk;
    private readonly NewestInstruments? _newest;
    private readonly bool _saysReleased;

    public ModelCallInstruments(Meter meter, GenAISettings settings)
    {
        _saysReleased = settings.SaysReleased;
        // This one stays in the next edition, for what is no inference.
        _duration = Times(meter, GenAI.Duration, "How long calls to models took.");
        if (_saysReleased)
        {
            _tokens = Tokens(meter, GenAI.TokenUsage, "Tokens of calls to models, as the providers reported them.");
            _firstChunk = Times(meter, GenAI.FirstChunkDuration, "Time to the first part of a streamed answer.");
            _chunk = Times(meter, GenAI.ChunkDuration, "Time between two parts of a streamed answer.");
        }

        _newest = settings.SaysNewest ? new(meter) : null;
    }

    /// <summary>Whether anybody takes the figures.</summary>
    public bool Enabled => _duration.Enabled || _tokens is { Enabled: true } || _newest is { Enabled: true };

    public void Took(string operation, double seconds, in TagList tags)
    {
        var isInference = GenAI.Operations.IsInference(operation);
        if (_saysReleased || !isInference)
        {
            _duration.Record(seconds, tags);
        }

        if (isInference)
        {
            _newest?.Duration.Record(seconds, tags);
        }
    }

    public void FirstChunk(double seconds, in TagList tags)
    {
        _firstChunk?.Record(seconds, tags);
        _newest?.FirstChunk.Record(seconds, tags);
    }

    public void Chunk(double seconds, in TagList tags)
    {
        _chunk?.Record(seconds, tags);
        _newest?.Chunk.Record(seconds, tags);
    }

    /// <param name="end">As the provider reported it.</param>
    public void Used(in ModelCallEnd end, in TagList tags)
    {
        if (_tokens is { } tokens)
        {
            if (end.HasInput)
            {
                var input = tags;
                input.Add(GenAI.TokenType, GenAI.InputTokenType);
                tokens.Record(end.AllInput, input);
            }

            if (end.OutputTokens is { } count)
            {
                var output = tags;
                output.Add(GenAI.TokenType, GenAI.OutputTokenType);
                tokens.Record(count, output);
            }
        }

        _newest?.Used(end, tags);
    }

    private static Histogram<double> Times(Meter meter, string name, string description) =>
        meter.CreateHistogram(
            name,
            "s",
            description,
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = GenAI.SecondBounds }
        );

    private static Histogram<long> Tokens(Meter meter, string name, string description) =>
        meter.CreateHistogram(
            name,
            "{token}",
            description,
            advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = GenAI.TokenBounds }
        );

    private sealed class NewestInstruments(Meter meter)
    {
        private readonly Counter<long> _input = Count(meter, GenAI.Newest.InputTokenCount, "Tokens of input.");
        private readonly Counter<long> _output = Count(meter, GenAI.Newest.OutputTokenCount, "Tokens of output.");
        private readonly Counter<long> _cacheRead = Count(
            meter,
            GenAI.Newest.CacheReadTokenCount,
            "Tokens of input that came from a provider's cache."
        );
        private readonly Counter<long> _cacheWrite = Count(
            meter,
            GenAI.Newest.CacheWriteTokenCount,
            "Tokens of input that went into a provider's cache."
        );
        private readonly Counter<long> _reasoning = Count(
            meter,
            GenAI.Newest.ReasoningTokenCount,
            "Tokens of output that were reasoning."
        );
        private readonly Histogram<long> _inputOfCall = Tokens(
            meter,
            GenAI.Newest.InputTokenHistogram,
            "Tokens of input of one call."
        );
        private readonly Histogram<long> _outputOfCall = Tokens(
            meter,
            GenAI.Newest.OutputTokenHistogram,
            "Tokens of output of one call."
        );

        public Histogram<double> Duration { get; } =
            Times(meter, GenAI.Newest.Duration, "How long calls to models that write took.");

        public Histogram<double> FirstChunk { get; } =
            Times(meter, GenAI.Newest.FirstChunkDuration, "Time to the first part of a streamed answer.");

        public Histogram<double> Chunk { get; } =
            Times(meter, GenAI.Newest.ChunkDuration, "Time between two parts of a streamed answer.");

        public bool Enabled => Duration.Enabled || _input.Enabled;

        public void Used(in ModelCallEnd end, in TagList tags)
        {
            if (end.HasInput)
            {
                _input.Add(end.AllInput, tags);
                _inputOfCall.Record(end.AllInput, tags);
            }

            if (end.OutputTokens is { } output)
            {
                _output.Add(output, tags);
                _outputOfCall.Record(output, tags);
            }

            Add(_cacheRead, end.CacheReadTokens, tags);
            Add(_cacheWrite, end.CacheWriteTokens, tags);
            Add(_reasoning, end.ReasoningTokens, tags);
        }

        private static void Add(Counter<long> counter, long? tokens, in TagList tags)
        {
            if (tokens is > 0)
            {
                counter.Add(tokens.Value, tags);
            }
        }

        private static Counter<long> Count(Meter meter, string name, string description) =>
            meter.CreateCounter<long>(name, "{token}", description);
    }
}
