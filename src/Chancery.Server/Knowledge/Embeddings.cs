using System.Globalization;
using System.Text;
using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge;

/// <summary>
/// The embedding model of this installation, if there is one: that of an endpoint, else one in this process, or the same one in
/// another Chancery. Safe for concurrent use.
/// </summary>
internal sealed class Embeddings : IDisposable
{
    private static readonly EmbeddingGenerationOptions AsQuery = new()
    {
        AdditionalProperties = new AdditionalPropertiesDictionary { [LocalEncoder.IsQuery] = true },
    };

    private static readonly TimeSpan EndpointPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LocalPatience = TimeSpan.FromSeconds(2);

    // A service that failed is left alone for so long where this process can do its work.
    private static readonly TimeSpan ServiceRest = TimeSpan.FromSeconds(30);

    private const int LocalBatch = 16;

    // An option of one call: not to ask another Chancery, which asked us.
    private const string InProcess = "in_process";

    private readonly OpenAICompatibleEmbeddingGenerator? _endpoint;
    private readonly LocalModel? _local;
    private readonly LocalModelPackage? _package;
    private readonly OpenAICompatibleEmbeddingGenerator? _service;
    private readonly ModelCallTelemetry _telemetry;
    private readonly ILogger<Embeddings> _logger;
    private long _serviceFailedAt;
    private readonly string? _endpointModel;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    // Whoever has something else to do does not try again at once what has just failed.
    private readonly TimeSpan _rest;
    private long _failedAt;

    public Embeddings(
        OperatorHttp http,
        IOptions<KnowledgeOptions> options,
        IOptions<WorkOptions> work,
        LocalModelDirectory models,
        ModelCallTelemetry telemetry,
        TimeProvider time,
        ILogger<Embeddings> logger
    )
    {
        _rest = 3 * TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds);
        _time = time;
        _logger = logger;
        _telemetry = telemetry;
        _timeout = TimeSpan.FromSeconds(options.Value.EmbeddingTimeoutSeconds);
        if (options.Value.HasEmbeddings)
        {
            _endpointModel = options.Value.EmbeddingModel!;
            _endpoint = new OpenAICompatibleEmbeddingGenerator(
                http.Client,
                new ModelEndpoint(
                    new Uri(options.Value.EmbeddingUrl!),
                    _endpointModel,
                    options.Value.ReadEmbeddingKey()
                ),
                time: time
            );
        }
        else if (options.Value.HasLocalModel)
        {
            var threads = options.Value.EmbeddingThreads;
            _local = new LocalModel(
                models,
                options.Value.EmbeddingLocal,
                threads > 0 ? threads : Math.Max(1, Environment.ProcessorCount / 2),
                time
            );
            _package = LocalModelCatalogue.Shipped.Find(options.Value.EmbeddingLocal);
            if (options.Value.HasRagService && _package is not null)
            {
                var root = new Uri(options.Value.RagServiceUrl!.TrimEnd('/') + "/api/v1");
                _service = new OpenAICompatibleEmbeddingGenerator(
                    http.Client,
                    new ModelEndpoint(root, _package.Identity, options.Value.ReadRagServiceKey()),
                    isChancery: true,
                    time: time
                );
            }
        }
    }

    /// <summary>
    /// The name under which its vectors are kept, and never compared with those of another. Null when there is none: search is
    /// then lexical. It may become known while the server runs, and then stays.
    /// </summary>
    public string? Model => _endpointModel ?? (_service is not null ? _package!.Identity : _local?.Identity);

    /// <summary>The same, also while it is not installed; null where none is wanted.</summary>
    public string? Identity => _endpointModel ?? _package?.Identity;

    /// <summary>
    /// The cosine below which a passage that no word brings up has nothing to do with a question; -1 where that is not known, as of a
    /// model behind an endpoint.
    /// </summary>
    public double Unrelated => (_service is not null ? _package!.Unrelated : _local?.Unrelated) ?? -1;

    /// <summary>Whether there is a model, or there may be one once it is installed.</summary>
    public bool IsWanted => _endpoint is not null || _local is not null;

    /// <summary>Whether another Chancery is asked first.</summary>
    public bool HasService => _service is not null;

    /// <summary>Whether the model runs in this process, or may.</summary>
    public bool IsLocal => _local is not null;

    /// <summary>
    /// How long a document that somebody waits for may be kept for its vectors: an endpoint may have more to do than this one, and
    /// a model in this process would have the others wait for a processor.
    /// </summary>
    public TimeSpan Patience => _local is null ? EndpointPatience : LocalPatience;

    /// <summary>Most passages of a batch within that patience; one that is not ready in time is lost.</summary>
    public int MostAtOnce => _local is null ? int.MaxValue : LocalBatch;

    /// <summary>Whether a call failed a moment ago, and none has succeeded since.</summary>
    public bool IsDown => Interlocked.Read(ref _failedAt) is var at and not 0 && _time.GetElapsedTime(at) < _rest;

    /// <summary>
    /// Whether somebody who can do without should ask: not while the model is down. Once it may be back one caller is told
    /// to find out, and the others do not wait with it.
    /// </summary>
    public bool TryTurn()
    {
        var at = Interlocked.Read(ref _failedAt);
        return at == 0
            || (
                _time.GetElapsedTime(at) >= _rest
                && Interlocked.CompareExchange(ref _failedAt, _time.GetTimestamp(), at) == at
            );
    }

    /// <summary>The longest text in tokens, where that is known: of a model in this process that can be loaded.</summary>
    public int? MostTokens => Loaded()?.MaxTokens;

    /// <summary>The length of its vectors, where that is known: of a model in this process that can be loaded.</summary>
    public int? Dimensions => Loaded()?.Dimensions;

    /// <summary>What a text costs in tokens; of a model behind an endpoint an estimate, on the high side.</summary>
    public int CountTokens(string text, bool isQuery) => Loaded()?.CountTokens(text, isQuery) ?? TokenEstimate.Of(text);

    /// <summary>The model that runs in this process; null where there is none, or it cannot be used. Loads it.</summary>
    public LocalEncoder? Encoder => Loaded();

    /// <summary>Vectors as the model gives them, with what they cost; one attempt.</summary>
    /// <param name="dimensions">Their length, where the model can be asked for one.</param>
    /// <param name="inProcess">Whether another Chancery is not asked.</param>
    /// <param name="payer">Whom it is for, as the traces tell it; null for the server's own work.</param>
    /// <exception cref="ModelException">The model failed, or took longer than the setting allows.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> EncodeAsync(
        IReadOnlyList<string> texts,
        bool areQueries,
        int? dimensions,
        bool inProcess,
        Payer? payer,
        CancellationToken cancellationToken
    ) =>
        EncodeAsync(
            texts,
            new EmbeddingGenerationOptions
            {
                Dimensions = dimensions,
                AdditionalProperties = new AdditionalPropertiesDictionary
                {
                    [LocalEncoder.IsQuery] = areQueries,
                    [InProcess] = inProcess,
                },
            },
            _local is null ? _timeout : Timeout.InfiniteTimeSpan,
            payer,
            cancellationToken
        );

    /// <summary>The vector of a question; one attempt.</summary>
    /// <param name="patience">How long the caller waits; a model that takes longer counts as down.</param>
    /// <exception cref="ModelException">The model failed, or took too long.</exception>
    public async Task<ReadOnlyMemory<float>> OfQueryAsync(
        string text,
        TimeSpan patience,
        CancellationToken cancellationToken
    ) => (await GenerateAsync([text], AsQuery, patience < _timeout ? patience : _timeout, cancellationToken))[0];

    /// <summary>Vectors of passages in the form of pgvector; one attempt. Those that are shipped cost nothing.</summary>
    /// <exception cref="ModelException">The model failed, or took longer than the setting allows.</exception>
    public async Task<string[]> GenerateAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var shipped = texts.Select(text => DemoVectors.Shipped.Find(Model, text)).ToArray();
        string[] others = [.. texts.Where((_, place) => shipped[place] is null)];
        // Nothing hangs in this process; a slow machine is given the time that it takes.
        var patience = _local is null ? _timeout : Timeout.InfiniteTimeSpan;
        var made = others.Length == 0 ? [] : await GenerateAsync(others, null, patience, cancellationToken);
        var next = 0;
        return [.. shipped.Select(vector => Write(vector is null ? made[next++].Span : vector))];
    }

    /// <summary>
    /// How the model gets on with the language of these texts, where that can be told: the vocabulary of a model in this process
    /// is known, that of an endpoint is not.
    /// </summary>
    public TokenFit? FitOf(IEnumerable<string> texts)
    {
        var encoder = Loaded();
        return encoder is null ? null : texts.Aggregate(default(TokenFit), (fit, text) => fit + encoder.Fit(text));
    }

    public void Dispose()
    {
        _endpoint?.Dispose();
        _local?.Dispose();
    }

    private async Task<ReadOnlyMemory<float>[]> GenerateAsync(
        IReadOnlyList<string> texts,
        EmbeddingGenerationOptions? options,
        TimeSpan patience,
        CancellationToken cancellationToken
    ) =>
        [
            .. (await EncodeAsync(texts, options, patience, payer: null, cancellationToken)).Select(vector =>
                vector.Vector
            ),
        ];

    private async Task<GeneratedEmbeddings<Embedding<float>>> EncodeAsync(
        IReadOnlyList<string> texts,
        EmbeddingGenerationOptions? options,
        TimeSpan patience,
        Payer? payer,
        CancellationToken cancellationToken
    )
    {
        using var deadline = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var vectors =
                await AskServiceAsync(texts, options, patience, payer, either.Token)
                ?? await AskAsync(Generator(), texts, options, payer, cancellationToken, either.Token);
            Interlocked.Exchange(ref _failedAt, 0);
            return vectors;
        }
        catch (LocalModelException exception)
        {
            // It is loaded and runs: this text is what it does not take.
            throw new ModelException(ModelFailure.Client, null, null, Model!, exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _failedAt, _time.GetTimestamp());
            throw new ModelException(ModelFailure.Transient, null, null, Model!, exception);
        }
        catch (ModelException exception) when (exception.IsTransient || exception.Kind == ModelFailure.Key)
        {
            Interlocked.Exchange(ref _failedAt, _time.GetTimestamp());
            throw;
        }
    }

    /// <summary>One call, and what the traces and figures tell of it.</summary>
    /// <param name="caller">Of whoever wants it; else it took too long.</param>
    private async Task<GeneratedEmbeddings<Embedding<float>>> AskAsync(
        IEmbeddingGenerator<string, Embedding<float>> generator,
        IReadOnlyList<string> texts,
        EmbeddingGenerationOptions? options,
        Payer? payer,
        CancellationToken caller,
        CancellationToken cancellationToken
    )
    {
        var endpoint = generator.GetService(typeof(ModelEndpoint)) as ModelEndpoint;
        using var scope = _telemetry.Start(
            new ModelCallStart(GenAI.Operations.Embeddings, endpoint is null ? "chancery" : "custom", Model!)
            {
                Address = endpoint?.BaseAddress,
                InProcess = endpoint is null,
                Dimensions = options?.Dimensions,
                EncodingFormat = "float",
                Tenant = payer?.Tenant,
                UserId = payer?.UserId,
                KeyId = payer?.KeyId,
            }
        );
        try
        {
            var vectors = await generator.GenerateAsync(texts, options, cancellationToken);
            scope.Succeeded(new ModelCallEnd { InputTokens = vectors.Usage?.InputTokenCount });
            return vectors;
        }
        catch (ModelException exception)
        {
            scope.Failed(
                exception.Status?.ToString(CultureInfo.InvariantCulture) ?? exception.Kind.ToString(),
                default,
                exception.Message
            );
            throw;
        }
        catch (OperationCanceledException)
        {
            scope.Failed(caller.IsCancellationRequested ? "cancelled" : "timeout", default);
            throw;
        }
    }

    /// <summary>Null where there is no service, or it failed and this process can do its work.</summary>
    private async Task<GeneratedEmbeddings<Embedding<float>>?> AskServiceAsync(
        IReadOnlyList<string> texts,
        EmbeddingGenerationOptions? options,
        TimeSpan patience,
        Payer? payer,
        CancellationToken cancellationToken
    )
    {
        if (
            _service is null
            || (options?.AdditionalProperties?.TryGetValue(InProcess, out bool inProcess) is true && inProcess)
            || (IsServiceResting() && Loaded() is not null)
        )
        {
            return null;
        }

        // What is left of the patience is for the model in this process.
        using var deadline = new CancellationTokenSource(
            patience == Timeout.InfiniteTimeSpan ? _timeout : patience / 2,
            _time
        );
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var vectors = await AskAsync(_service, texts, options, payer, cancellationToken, either.Token);
            Interlocked.Exchange(ref _serviceFailedAt, 0);
            return vectors;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return TakeOver(new ModelException(ModelFailure.Transient, null, null, Model!, exception));
        }
        catch (ModelException exception)
        {
            return TakeOver(exception);
        }
    }

    /// <summary>Null where this process can do it; else it throws.</summary>
    private GeneratedEmbeddings<Embedding<float>>? TakeOver(ModelException exception)
    {
        if (exception.IsTransient || exception.Kind == ModelFailure.Key)
        {
            Interlocked.Exchange(ref _serviceFailedAt, _time.GetTimestamp());
        }

        Log.RagServiceFailed(_logger, exception.Status?.ToString(CultureInfo.InvariantCulture) ?? "no answer");
        return Loaded() is null ? throw exception : null;
    }

    private bool IsServiceResting() =>
        Interlocked.Read(ref _serviceFailedAt) is var at and not 0 && _time.GetElapsedTime(at) < ServiceRest;

    /// <summary>The model in this process; null where there is none, or it cannot be used.</summary>
    private LocalEncoder? Loaded()
    {
        try
        {
            return _local?.Load();
        }
        catch (LocalModelException)
        {
            return null;
        }
    }

    private IEmbeddingGenerator<string, Embedding<float>> Generator()
    {
        if (_endpoint is not null)
        {
            return _endpoint;
        }

        try
        {
            return _local?.Load() ?? throw new InvalidOperationException("There is no embedding model.");
        }
        catch (LocalModelException exception)
        {
            // As an endpoint that is down: the operator mends it, and what waits goes on by itself.
            throw new ModelException(ModelFailure.Transient, null, null, Model ?? "local", exception);
        }
    }

    /// <summary>In the form of pgvector.</summary>
    public static string Write(ReadOnlySpan<float> vector)
    {
        var text = new StringBuilder(vector.Length * 12);
        foreach (var part in vector)
        {
            text.Append(text.Length == 0 ? '[' : ',').Append(CultureInfo.InvariantCulture, $"{part}");
        }

        return text.Append(']').ToString();
    }
}
