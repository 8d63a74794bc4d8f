using System.ComponentModel.DataAnnotations;
using Chancery.Search.Engine;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Reranking;
using Chancery.Server.Platform.LocalModels;

namespace Chancery.Server.Knowledge;

/// <summary>The settings of documents, ingestion and search.</summary>
public sealed class KnowledgeOptions : IValidatableObject
{
    /// <summary>Largest upload, in bytes; 1 to 200,000,000.</summary>
    [ConfigurationKeyName("MAX_UPLOAD_BYTES"), Range(1, 200_000_000)]
    public long MaxUploadBytes { get; set; } = 10_000_000;

    /// <summary>Most pages of one version; formats without pages count their parts.</summary>
    [ConfigurationKeyName("MAX_PAGES"), Range(1, 1_000_000)]
    public int MaxPages { get; set; } = 5_000;

    /// <summary>Most characters of text in one version.</summary>
    [ConfigurationKeyName("MAX_TEXT_CHARACTERS"), Range(1, 1_000_000_000)]
    public long MaxTextCharacters { get; set; } = 30_000_000;

    /// <summary>Whether files are read even where the machine gives readers no walls; see <c>chancery doctor</c>.</summary>
    [ConfigurationKeyName("READERS_WITHOUT_WALLS")]
    public bool ReadersWithoutWalls { get; set; }

    /// <summary>Tesseract's names of the languages in scanned pages, such as <c>eng+deu</c>; null takes what is installed.</summary>
    [ConfigurationKeyName("OCR_LANGUAGES"), RegularExpression("[A-Za-z_]+(?:[+, ]+[A-Za-z_]+)*")]
    public string? OcrLanguages { get; set; }

    /// <summary>Whether searches are written down; an organisation may switch it off for itself.</summary>
    [ConfigurationKeyName("QUERY_LOG")]
    public bool QueryLog { get; set; } = true;

    /// <summary>Days after which a written down search is erased; 0 keeps them.</summary>
    [ConfigurationKeyName("QUERY_LOG_DAYS"), Range(0, 36_500)]
    public int QueryLogDays { get; set; } = 30;

    /// <summary>Root of an OpenAI-compatible interface, such as <c>http://localhost:11434/v1</c>. Without it a local model is used.</summary>
    [ConfigurationKeyName("EMBEDDING_URL")]
    public string? EmbeddingUrl { get; set; }

    /// <summary>
    /// The model that runs in this process where no endpoint is named, when <c>chancery models</c> has installed it; <c>off</c>
    /// for none.
    /// </summary>
    [ConfigurationKeyName("EMBEDDING_LOCAL")]
    public string EmbeddingLocal { get; set; } = LocalModelCatalogue.DefaultModel;

    /// <summary>Texts that the local model encodes at once, each on one thread; 0 takes half of the machine's processors.</summary>
    [ConfigurationKeyName("EMBEDDING_THREADS"), Range(0, 256)]
    public int EmbeddingThreads { get; set; }

    /// <summary>The embedding model's id at that endpoint; needed with <see cref="EmbeddingUrl"/>.</summary>
    [ConfigurationKeyName("EMBEDDING_MODEL")]
    public string? EmbeddingModel { get; set; }

    [ConfigurationKeyName("EMBEDDING_API_KEY")]
    public string? EmbeddingApiKey { get; set; }

    /// <summary>A file that holds the key; wins over <see cref="EmbeddingApiKey"/>.</summary>
    [ConfigurationKeyName("EMBEDDING_API_KEY_FILE")]
    public string? EmbeddingApiKeyFile { get; set; }

    /// <summary>Ids of further models at that endpoint, with commas between them, that organisations may be searched with.</summary>
    [ConfigurationKeyName("EMBEDDING_MODELS")]
    public string? EmbeddingModels { get; set; }

    /// <summary>Root of a second OpenAI-compatible interface, such as the one that served before.</summary>
    [ConfigurationKeyName("OTHER_EMBEDDING_URL")]
    public string? OtherEmbeddingUrl { get; set; }

    /// <summary>Ids of the models there that organisations may be searched with; needed with <see cref="OtherEmbeddingUrl"/>.</summary>
    [ConfigurationKeyName("OTHER_EMBEDDING_MODELS")]
    public string? OtherEmbeddingModels { get; set; }

    [ConfigurationKeyName("OTHER_EMBEDDING_API_KEY")]
    public string? OtherEmbeddingApiKey { get; set; }

    /// <summary>A file that holds the key; wins over <see cref="OtherEmbeddingApiKey"/>.</summary>
    [ConfigurationKeyName("OTHER_EMBEDDING_API_KEY_FILE")]
    public string? OtherEmbeddingApiKeyFile { get; set; }

    /// <summary>What models cost in dollars per million tokens: <c>id=0.02, other=0.13</c>. Those in this process cost nothing.</summary>
    [ConfigurationKeyName("EMBEDDING_PRICES")]
    public string? EmbeddingPrices { get; set; }

    /// <summary>Days that the vectors of a former model are kept after a change, so that one can go back at once.</summary>
    [ConfigurationKeyName("EMBEDDING_FORMER_DAYS"), Range(0, 3650)]
    public int EmbeddingFormerDays { get; set; } = 7;

    /// <summary>
    /// Another Chancery, such as <c>http://encoders:8000</c>, that encodes with the model of <see cref="EmbeddingLocal"/>; the model in
    /// this process, where it is installed, takes over when it fails.
    /// </summary>
    [ConfigurationKeyName("RAG_SERVICE_URL")]
    public string? RagServiceUrl { get; set; }

    /// <summary>An API key of that Chancery.</summary>
    [ConfigurationKeyName("RAG_SERVICE_KEY")]
    public string? RagServiceKey { get; set; }

    /// <summary>A file that holds the key; wins over <see cref="RagServiceKey"/>.</summary>
    [ConfigurationKeyName("RAG_SERVICE_KEY_FILE")]
    public string? RagServiceKeyFile { get; set; }

    /// <summary>How long one call of the embedding endpoint may take, in seconds.</summary>
    [ConfigurationKeyName("EMBEDDING_TIMEOUT_SECONDS"), Range(1, 600)]
    public int EmbeddingTimeoutSeconds { get; set; } = 60;

    /// <summary>Passages embedded in one call, 1 to 512.</summary>
    [ConfigurationKeyName("EMBEDDING_BATCH"), Range(1, 512)]
    public int EmbeddingBatch { get; set; } = 64;

    /// <summary>
    /// Where is searched: in this server's memory, and in PostgreSQL where that cannot be; in PostgreSQL alone; or with the nearest
    /// vectors from Redis (8 or newer).
    /// </summary>
    [
        ConfigurationKeyName("SEARCH_ENGINE"),
        EnumDataType(typeof(SearchEngineChoice), ErrorMessage = "SEARCH_ENGINE takes auto, postgres or redis.")
    ]
    public SearchEngineChoice SearchEngine { get; set; }

    /// <summary>Bytes that all search indexes in memory may take together; 0 takes a quarter of what the process may have.</summary>
    [ConfigurationKeyName("SEARCH_INDEX_MEMORY")]
    [Range(0, 1L << 50, ErrorMessage = "SEARCH_INDEX_MEMORY takes a number of bytes, or 0.")]
    public long SearchIndexMemory { get; set; }

    /// <summary>BM25's k1, 0 to 10: how slowly repetition in a passage saturates; null for the engine's own.</summary>
    [ConfigurationKeyName("SEARCH_BM25_K1")]
    [Range(0.0, 10.0, ErrorMessage = "SEARCH_BM25_K1 takes a number from 0 to 10.")]
    public double? SearchBm25K1 { get; set; }

    /// <summary>BM25's b, 0 to 1: how much the length of a passage counts; null for the engine's own.</summary>
    [ConfigurationKeyName("SEARCH_BM25_B")]
    [Range(0.0, 1.0, ErrorMessage = "SEARCH_BM25_B takes a number from 0 to 1.")]
    public double? SearchBm25B { get; set; }

    /// <summary>
    /// Share of the searches by meaning, 0 to 1, that are answered once more in the background, exactly, to measure recall; 0 for none.
    /// </summary>
    [ConfigurationKeyName("SEARCH_RECALL_SAMPLE")]
    [Range(0.0, 1.0, ErrorMessage = "SEARCH_RECALL_SAMPLE takes a share from 0 to 1.")]
    public double SearchRecallSample { get; set; } = 0.01;

    /// <summary>What ranks the best passages of a search again, unless that says otherwise.</summary>
    [
        ConfigurationKeyName("RERANK"),
        EnumDataType(typeof(RerankChoice), ErrorMessage = "RERANK takes auto, off, maxsim or cross.")
    ]
    public RerankChoice Rerank { get; set; }

    /// <summary>Milliseconds that a search waits for that, before it serves the former order.</summary>
    [ConfigurationKeyName("RERANK_BUDGET_MS")]
    [Range(1, 60_000, ErrorMessage = "RERANK_BUDGET_MS takes 1 to 60000 milliseconds.")]
    public int RerankBudgetMs { get; set; } = 500;

    /// <summary>How many of the best passages are ranked again; 0 takes what was measured for the reranker.</summary>
    [ConfigurationKeyName("RERANK_CANDIDATES")]
    [Range(0, 100, ErrorMessage = "RERANK_CANDIDATES takes 0 to 100 passages.")]
    public int RerankCandidates { get; set; }

    /// <summary>Megabytes that the tokens' vectors of passages may take, which the next search need not make again.</summary>
    [ConfigurationKeyName("RERANK_CACHE_MB")]
    [Range(0, 100_000, ErrorMessage = "RERANK_CACHE_MB takes 0 to 100000 megabytes.")]
    public int RerankCacheMb { get; set; } = 64;

    /// <summary>
    /// An operator's cross-encoder: a directory with <c>model.onnx</c> and <c>tokenizer.json</c> or <c>vocab.txt</c>, an <c>.onnx</c> file
    /// with one of them beside it, or the name of such a directory in MODELS_DIR.
    /// </summary>
    [ConfigurationKeyName("CROSS_ENCODER")]
    public string? CrossEncoder { get; set; }

    /// <summary>Longest pair of query and passage in tokens that it takes.</summary>
    [ConfigurationKeyName("CROSS_ENCODER_TOKENS")]
    [Range(16, 8192, ErrorMessage = "CROSS_ENCODER_TOKENS takes 16 to 8192 tokens.")]
    public int CrossEncoderTokens { get; set; } = 512;

    /// <summary>Tokens of the texts that <c>POST /api/v1/embeddings</c> gives to the model at once; a longer text goes alone.</summary>
    [ConfigurationKeyName("EMBEDDING_BATCH_TOKENS"), Range(256, 1_000_000)]
    public int EmbeddingBatchTokens { get; set; } = 16_000;

    /// <summary>Most tokens of one call of <c>POST /api/v1/embeddings</c>.</summary>
    [ConfigurationKeyName("EMBEDDING_CALL_TOKENS"), Range(1, 10_000_000)]
    public int EmbeddingCallTokens { get; set; } = 300_000;

    /// <summary>Tokens of <c>POST /api/v1/embeddings</c> that each organisation has in a calendar month (UTC); 0 for no limit.</summary>
    [ConfigurationKeyName("EMBEDDING_TOKENS_PER_MONTH"), Range(0, long.MaxValue)]
    public long EmbeddingTokensPerMonth { get; set; }

    internal static IReadOnlyList<string> ParseLanguages(string? languages) =>
        languages?.Split(['+', ',', ' '], StringSplitOptions.RemoveEmptyEntries) ?? [];

    internal Bm25Settings Bm25 => new(SearchBm25K1 ?? Bm25Settings.Default.K1, SearchBm25B ?? Bm25Settings.Default.B);

    public bool HasEmbeddings => !string.IsNullOrWhiteSpace(EmbeddingUrl);

    public bool HasRagService => !string.IsNullOrWhiteSpace(RagServiceUrl);

    /// <summary>Whether a model in this process is wanted, installed or not.</summary>
    public bool HasLocalModel => !HasEmbeddings && !EmbeddingLocal.Equals("off", StringComparison.OrdinalIgnoreCase);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HasLocalModel && LocalModelCatalogue.Shipped.Find(EmbeddingLocal) is null)
        {
            yield return new ValidationResult(
                "EMBEDDING_LOCAL must be off or one of the models that chancery models list names."
            );
        }

        if (Rerank is RerankChoice.Cross && string.IsNullOrWhiteSpace(CrossEncoder))
        {
            yield return new ValidationResult("RERANK is cross, and CROSS_ENCODER names no model.");
        }

        if (HasRagService)
        {
            if (HasEmbeddings)
            {
                yield return new ValidationResult(
                    "RAG_SERVICE_URL and EMBEDDING_URL name two models: set one of them."
                );
            }
            else if (!HasLocalModel)
            {
                yield return new ValidationResult(
                    "RAG_SERVICE_URL needs EMBEDDING_LOCAL: the model that is asked for there."
                );
            }

            if (
                !Uri.TryCreate(RagServiceUrl, UriKind.Absolute, out var service)
                || service.Scheme is not ("http" or "https")
            )
            {
                yield return new ValidationResult(
                    "RAG_SERVICE_URL must be an address that begins with http:// or https://."
                );
            }

            if (RagServiceKeyFile is { Length: > 0 } keyFile && !File.Exists(keyFile))
            {
                yield return new ValidationResult("RAG_SERVICE_KEY_FILE names a file that does not exist.");
            }
        }

        foreach (var wrong in EmbeddingChoices.Check(this))
        {
            yield return wrong;
        }

        if (!HasEmbeddings)
        {
            yield break;
        }

        if (!Uri.TryCreate(EmbeddingUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yield return new ValidationResult("EMBEDDING_URL must be an address that begins with http:// or https://.");
        }

        if (string.IsNullOrWhiteSpace(EmbeddingModel))
        {
            yield return new ValidationResult("EMBEDDING_MODEL is needed with EMBEDDING_URL: the model's id there.");
        }

        if (EmbeddingApiKeyFile is { Length: > 0 } file && !File.Exists(file))
        {
            yield return new ValidationResult("EMBEDDING_API_KEY_FILE names a file that does not exist.");
        }
    }

    internal string? ReadRagServiceKey() =>
        RagServiceKeyFile is { Length: > 0 } file ? File.ReadAllText(file).Trim() : RagServiceKey;

    internal string? ReadEmbeddingKey() =>
        EmbeddingApiKeyFile is { Length: > 0 } file ? File.ReadAllText(file).Trim() : EmbeddingApiKey;

    internal string? ReadOtherEmbeddingKey() =>
        OtherEmbeddingApiKeyFile is { Length: > 0 } file ? File.ReadAllText(file).Trim() : OtherEmbeddingApiKey;
}
