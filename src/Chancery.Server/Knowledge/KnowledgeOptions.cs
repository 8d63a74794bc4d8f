using System.ComponentModel.DataAnnotations;
using Chancery.Server.Knowledge.Search;
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

    /// <summary>
    /// Share of the searches by meaning, 0 to 1, that are answered once more in the background, exactly, to measure recall; 0 for none.
    /// </summary>
    [ConfigurationKeyName("SEARCH_RECALL_SAMPLE")]
    [Range(0.0, 1.0, ErrorMessage = "SEARCH_RECALL_SAMPLE takes a share from 0 to 1.")]
    public double SearchRecallSample { get; set; } = 0.01;

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
}
