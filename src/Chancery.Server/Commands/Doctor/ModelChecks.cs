using System.Globalization;
using Chancery.Models;
using Chancery.Server.Platform.LocalModels;

namespace Chancery.Server.Commands.Doctor;

/// <summary>Whether passages can be found by meaning on this machine alone.</summary>
internal sealed class ModelChecks(IConfiguration configuration)
{
    private const string Subject = "search by meaning";

    public Finding Run()
    {
        if (configuration["EMBEDDING_URL"] is { Length: > 0 } endpoint)
        {
            return Finding.Good(Subject, $"by the endpoint {endpoint}");
        }

        var name = configuration["EMBEDDING_LOCAL"] is { Length: > 0 } given ? given : LocalModelCatalogue.DefaultModel;
        if (name.Equals("off", StringComparison.OrdinalIgnoreCase))
        {
            return Finding.Weak(Subject, "switched off: search is by words", "unset EMBEDDING_LOCAL");
        }

        if (LocalModelDirectory.Of(configuration).Find(LocalModelCatalogue.Shipped, name) is not { } options)
        {
            return Finding.Weak(
                Subject,
                $"{name} is not installed: search is by words",
                $"chancery models pull {name}"
            );
        }

        try
        {
            using var encoder = new LocalEncoder(options with { Threads = 1 });
            return Finding.Good(
                Subject,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{options.Model}, {encoder.Dimensions} dimensions, on ONNX Runtime {encoder.RuntimeVersion}"
                )
            );
        }
        catch (LocalModelException exception)
        {
            return Finding.Weak(
                Subject,
                exception.Message,
                $"chancery models remove {name}, then chancery models pull {name}"
            );
        }
    }
}
