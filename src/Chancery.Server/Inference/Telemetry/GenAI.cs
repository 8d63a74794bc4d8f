using Chancery.Server.Platform.Telemetry.Tracing;

namespace Chancery.Server.Inference.Telemetry;

/// <summary>
/// Every name that calls to models are told under: OpenTelemetry's conventions for generative AI, v1.41, and in
/// <see cref="Newest"/> what their next edition calls otherwise. No other file spells one, but for the few that the platform goes by
/// itself (<see cref="SpanNames"/>).
/// </summary>
public static class GenAI
{
    /// <summary>The source of the spans, and the meter of the figures.</summary>
    public const string Source = "Chancery.Inference";

    public const string SchemaUrl = "https://opentelemetry.io/schemas/1.41.0";

    // What every span and every figure carries.
    public const string OperationName = SpanNames.ModelOperation;
    public const string ProviderName = "gen_ai.provider.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string ResponseModel = "gen_ai.response.model";
    public const string TokenType = "gen_ai.token.type";
    public const string InputTokenType = "input";
    public const string OutputTokenType = "output";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string ErrorType = "error.type";

    /// <summary>The error of a call that ended in a way nobody named.</summary>
    public const string OtherError = "_OTHER";

    // What was asked.
    public const string ConversationId = SpanNames.Conversation;
    public const string OutputType = "gen_ai.output.type";
    public const string Choices = "gen_ai.request.choice.count";
    public const string Seed = "gen_ai.request.seed";
    public const string Streamed = "gen_ai.request.stream";
    public const string MaxTokens = "gen_ai.request.max_tokens";
    public const string Temperature = "gen_ai.request.temperature";
    public const string TopP = "gen_ai.request.top_p";
    public const string TopK = "gen_ai.request.top_k";
    public const string FrequencyPenalty = "gen_ai.request.frequency_penalty";
    public const string PresencePenalty = "gen_ai.request.presence_penalty";
    public const string StopSequences = "gen_ai.request.stop_sequences";
    public const string EncodingFormats = "gen_ai.request.encoding_formats";
    public const string Dimensions = "gen_ai.embeddings.dimension.count";
    public const string OpenAIApi = "openai.api.type";

    // What came back.
    public const string ResponseId = "gen_ai.response.id";
    public const string FinishReasons = "gen_ai.response.finish_reasons";
    public const string TimeToFirstChunk = "gen_ai.response.time_to_first_chunk";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string CacheReadTokens = "gen_ai.usage.cache_read.input_tokens";
    public const string CacheCreationTokens = "gen_ai.usage.cache_creation.input_tokens";
    public const string ReasoningTokens = "gen_ai.usage.reasoning.output_tokens";

    // What was said, where it is captured at all.
    public const string InputMessages = "gen_ai.input.messages";
    public const string OutputMessages = "gen_ai.output.messages";

    // Figures.
    public const string TokenUsage = "gen_ai.client.token.usage";
    public const string Duration = "gen_ai.client.operation.duration";
    public const string FirstChunkDuration = "gen_ai.client.operation.time_to_first_chunk";
    public const string ChunkDuration = "gen_ai.client.operation.time_per_output_chunk";

    public const string ToolName = "gen_ai.tool.name";
    public const string McpMethod = "mcp.method.name";
    public const string McpProtocolVersion = "mcp.protocol.version";
    public const string McpServerDuration = "mcp.server.operation.duration";
    public const string JsonRpcRequestId = "jsonrpc.request.id";

    public const string ExceptionEvent = "gen_ai.client.operation.exception";

    // Of one score that an answer got.
    public const string EvaluationEvent = "gen_ai.evaluation.result";
    public const string EvaluationName = "gen_ai.evaluation.name";
    public const string EvaluationScore = "gen_ai.evaluation.score.value";
    public const string EvaluationExplanation = "gen_ai.evaluation.explanation";

    // Ours.
    public const string Tenant = SpanNames.Tenant;
    public const string User = SpanNames.User;
    public const string Key = SpanNames.Key;
    public const string Attempt = "chancery.attempt";
    public const string FallbackIndex = SpanNames.FallbackIndex;
    public const string Hedge = "chancery.hedge";
    public const string UsageEstimated = "chancery.usage.estimated";

    public static class Operations
    {
        public const string Chat = "chat";
        public const string TextCompletion = "text_completion";
        public const string GenerateContent = "generate_content";
        public const string Embeddings = "embeddings";
        public const string Retrieval = "retrieval";
        public const string ExecuteTool = "execute_tool";

        /// <summary>What the conventions call it, whatever the product asks a model for: one that writes is asked to chat.</summary>
        /// <param name="purpose">As the ledger has it: <c>answer</c>, <c>upgrade</c>, …</param>
        public static string Of(string purpose) =>
            purpose is TextCompletion or GenerateContent or Embeddings or Retrieval or ExecuteTool ? purpose : Chat;

        /// <summary>Whether a model writes something, as it does not for embeddings.</summary>
        public static bool IsInference(string operation) => operation is Chat or TextCompletion or GenerateContent;
    }

    public const string PromptName = "gen_ai.prompt.name";
    public const string PromptVersion = "gen_ai.prompt.version";

    /// <summary>Names of the next edition, which has no release yet: said only where the operator asks for them.</summary>
    public static class Newest
    {
        public const string Duration = "gen_ai.client.inference.duration";
        public const string FirstChunkDuration = "gen_ai.client.inference.time_to_first_chunk";
        public const string ChunkDuration = "gen_ai.client.inference.time_per_output_chunk";
        public const string InputTokenCount = "gen_ai.client.inference.usage.input_tokens";
        public const string OutputTokenCount = "gen_ai.client.inference.usage.output_tokens";
        public const string CacheReadTokenCount = "gen_ai.client.inference.usage.cache_read.input_tokens";
        public const string CacheWriteTokenCount = "gen_ai.client.inference.usage.cache_write.input_tokens";
        public const string ReasoningTokenCount = "gen_ai.client.inference.usage.reasoning.output_tokens";
        public const string InputTokenHistogram = "gen_ai.client.inference.operation.input_tokens";
        public const string OutputTokenHistogram = "gen_ai.client.inference.operation.output_tokens";
        public const string CacheWriteTokens = "gen_ai.usage.cache_write.input_tokens";
        public const string ReasoningLevel = "gen_ai.request.reasoning.level";
    }

    /// <summary>The bounds that the conventions prescribe for counts of tokens.</summary>
    public static IReadOnlyList<long> TokenBounds { get; } =
    [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    /// <summary>The bounds that the conventions prescribe for times, in seconds.</summary>
    public static IReadOnlyList<double> SecondBounds { get; } =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    /// <summary>A provider's name in the conventions; one that they do not know keeps its own.</summary>
    public static string ProviderOf(string provider) =>
        provider switch
        {
            "mistral" => "mistral_ai",
            "gemini" or "google" => "gcp.gemini",
            "vertex" => "gcp.vertex_ai",
            "azure" => "azure.ai.openai",
            "bedrock" => "aws.bedrock",
            "moonshot" => "moonshot_ai",
            "xai" => "x_ai",
            "watsonx" => "ibm.watsonx.ai",
            _ => provider,
        };
}
