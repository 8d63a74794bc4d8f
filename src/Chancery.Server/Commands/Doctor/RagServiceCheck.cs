using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.LocalModels;

namespace Chancery.Server.Commands.Doctor;

/// <summary>Whether the Chancery that RAG_SERVICE_URL names encodes for this one: it has one word encoded there.</summary>
internal sealed class RagServiceCheck(IConfiguration configuration, HttpClient http, TimeSpan patience)
{
    public const string Subject = "RAG service";

    // Enough for a vector of any model as text; what is longer is no answer to one word.
    private const int MostBytes = 1_000_000;

    /// <summary>Null where none is named.</summary>
    public async Task<Finding?> RunAsync(CancellationToken cancellationToken)
    {
        var options = new KnowledgeOptions
        {
            RagServiceUrl = configuration["RAG_SERVICE_URL"],
            RagServiceKey = configuration["RAG_SERVICE_KEY"],
            RagServiceKeyFile = configuration["RAG_SERVICE_KEY_FILE"],
            EmbeddingLocal = configuration["EMBEDDING_LOCAL"] is { Length: > 0 } local
                ? local
                : LocalModelCatalogue.DefaultModel,
        };
        if (!options.HasRagService)
        {
            return null;
        }

        if (
            !Uri.TryCreate(options.RagServiceUrl, UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https")
        )
        {
            return Finding.Bad(
                Subject,
                "RAG_SERVICE_URL is no address that begins with http:// or https://",
                "correct or unset it"
            );
        }

        if (options.RagServiceKeyFile is { Length: > 0 } file && !File.Exists(file))
        {
            return Finding.Bad(Subject, "RAG_SERVICE_KEY_FILE names a file that does not exist", "correct or unset it");
        }

        // Without what may stand before the host: that is a secret.
        var place = address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        place = place.TrimEnd('/');
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(patience);
            return await AskAsync(options, place, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Silent(place, $"did not answer in {patience.TotalSeconds:0} seconds", options);
        }
        catch (HttpRequestException exception)
        {
            return Silent(place, $"cannot be reached ({exception.HttpRequestError})", options);
        }
        catch (IOException exception)
        {
            return Finding.Weak(Subject, exception.Message, "see to the file that RAG_SERVICE_KEY_FILE names");
        }
    }

    private async Task<Finding> AskAsync(KnowledgeOptions options, string place, CancellationToken cancellationToken)
    {
        var key = options.ReadRagServiceKey();
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            options.RagServiceUrl!.TrimEnd('/') + "/api/v1/embeddings"
        )
        {
            // Without a model's name it says which one it has; that server is not to ask a third.
            Content = JsonContent.Create(new { input = "doctor", in_process = true }),
        };
        if (!string.IsNullOrEmpty(key))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return answer.StatusCode switch
        {
            HttpStatusCode.OK => await CompareAsync(options, place, answer, cancellationToken),
            HttpStatusCode.Unauthorized when string.IsNullOrEmpty(key) => Finding.Weak(
                Subject,
                $"{place} wants a key" + Otherwise(options),
                "make an API key there and set RAG_SERVICE_KEY"
            ),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Finding.Weak(
                Subject,
                $"{place} refuses the key" + Otherwise(options),
                "make another API key there, of any role, and set RAG_SERVICE_KEY"
            ),
            HttpStatusCode.TooManyRequests => Finding.Weak(
                Subject,
                $"{place} takes the key, and its organisation has used up its embedding tokens of this month"
                    + Otherwise(options),
                "raise EMBEDDING_TOKENS_PER_MONTH there"
            ),
            HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway => Finding.Weak(
                Subject,
                $"{place} takes the key and has no model that works ({(int)answer.StatusCode})" + Otherwise(options),
                "run chancery doctor there"
            ),
            var status => Finding.Weak(
                Subject,
                $"{place} answers {(int)status}: it is no Chancery, or one that cannot do this" + Otherwise(options),
                "set RAG_SERVICE_URL to the root of a Chancery, such as http://encoders:8000"
            ),
        };
    }

    private async Task<Finding> CompareAsync(
        KnowledgeOptions options,
        string place,
        HttpResponseMessage answer,
        CancellationToken cancellationToken
    )
    {
        var (model, dimensions) = await ReadAsync(answer, cancellationToken);
        if (model is null)
        {
            return Finding.Weak(
                Subject,
                $"{place} answers with something else than vectors" + Otherwise(options),
                "set RAG_SERVICE_URL to the root of a Chancery, such as http://encoders:8000"
            );
        }

        var wanted = LocalModelCatalogue.Shipped.Find(options.EmbeddingLocal)?.Identity;
        return model == wanted
            ? Finding.Good(
                Subject,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{place} encodes with {model}, {dimensions} dimensions, and takes the key"
                )
            )
            : Finding.Weak(
                Subject,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{place} takes the key and encodes with {model}, {dimensions} dimensions, and this server wants {wanted ?? options.EmbeddingLocal}"
                ) + Otherwise(options),
                "have both run the same build with the same EMBEDDING_LOCAL"
            );
    }

    private static async Task<(string? Model, int Dimensions)> ReadAsync(
        HttpResponseMessage answer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await answer.Content.LoadIntoBufferAsync(MostBytes, cancellationToken);
            using var body = await JsonDocument.ParseAsync(
                await answer.Content.ReadAsStreamAsync(cancellationToken),
                cancellationToken: cancellationToken
            );
            return (
                body.RootElement.GetProperty("model").GetString(),
                body.RootElement.GetProperty("data")[0].GetProperty("embedding").GetArrayLength()
            );
        }
        catch (Exception exception)
            when (exception
                    is JsonException
                        or KeyNotFoundException
                        or InvalidOperationException
                        or IndexOutOfRangeException
                        or HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }
            )
        {
            return (null, 0);
        }
    }

    private Finding Silent(string place, string why, KnowledgeOptions options) =>
        Finding.Weak(
            Subject,
            $"{place} {why}" + Otherwise(options),
            "start it, open the way to it, or correct RAG_SERVICE_URL"
        );

    /// <summary>What happens without it.</summary>
    private string Otherwise(KnowledgeOptions options) =>
        LocalModelDirectory.Of(configuration).Find(LocalModelCatalogue.Shipped, options.EmbeddingLocal) is null
            ? ": search is by words"
            : ": the model in this server takes over";
}
