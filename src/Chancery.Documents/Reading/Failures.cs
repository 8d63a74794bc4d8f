using System.Globalization;

namespace Chancery.Documents;

/// <summary>Every sentence that tells a person why a document could not be read, and what to do next.</summary>
internal static partial class Failures
{
    public static DocumentUnreadableException Encrypted() =>
        new(ReadFailure.Encrypted, "This PDF is protected by a password. Remove the password and upload it again.");

    public static DocumentUnreadableException MalformedPdf() =>
        new(
            ReadFailure.Malformed,
            "This PDF is damaged and has no readable pages. Open it in a PDF viewer, save it again, and upload the new file."
        );

    public static DocumentUnreadableException StoppedAt(int page) =>
        new(
            ReadFailure.Malformed,
            string.Create(
                CultureInfo.InvariantCulture,
                $"This document is damaged at page {page}. Save it again from the program that made it, and upload the new file."
            )
        );

    public static DocumentUnreadableException Empty() =>
        new(ReadFailure.Empty, "This file is empty. Check that it was saved completely, and upload it again.");

    public static DocumentUnreadableException NotText() =>
        new(ReadFailure.Unsupported, "This is no text in a known encoding. Save it as UTF-8 and upload it again.");

    public static DocumentUnreadableException ImageOnly() =>
        new(
            ReadFailure.ImageOnly,
            "This PDF has no text, only images or blank pages, and this installation recognises no text in images. "
                + "Run text recognition (OCR) over it and upload the result, or ask the operator to install tesseract "
                + "(package tesseract-ocr) and retry."
        );

    public static DocumentUnreadableException NothingRecognised() =>
        new(
            ReadFailure.ImageOnly,
            "There is no text in this file: its pages are blank, or hold pictures in which no text could be recognised. "
                + "Scan it again, sharper and with more contrast, and upload the result."
        );

    public static DocumentUnreadableException NoRecognition() =>
        new(
            ReadFailure.ImageOnly,
            "This file is an image, and this installation recognises no text in images. Ask its operator to install "
                + "tesseract (package tesseract-ocr), then retry."
        );

    public static DocumentUnreadableException MalformedImage() =>
        new(
            ReadFailure.Malformed,
            "This image is damaged or too large to be read. Save it again as PNG or JPEG and upload the new file."
        );

    public static DocumentUnreadableException Unsupported(MediaType type) =>
        new(type == MediaTypes.EncryptedOffice ? ReadFailure.Encrypted : ReadFailure.Unsupported, type.Refusal);

    public static DocumentUnreadableException TooLarge(long maxBytes) =>
        new(
            ReadFailure.TooLarge,
            string.Create(
                CultureInfo.InvariantCulture,
                $"This file is larger than {maxBytes / 1_000_000} MB, the most that is read. Split it and upload the parts."
            )
        );

    public static DocumentUnreadableException PageTooLarge(int page) =>
        new(
            ReadFailure.TooLarge,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Page {page} holds more text than can be read. Split the document and upload the parts."
            )
        );

    public static DocumentUnreadableException TooManyElements() =>
        new(
            ReadFailure.TooLarge,
            "This page has more elements than can be read. Save its text alone, or split it, and upload the result."
        );

    public static DocumentUnreadableException EmptyPage() =>
        new(
            ReadFailure.Empty,
            "This page has no text. If scripts write it, open it in a browser, save it as PDF, and upload that."
        );

    public static DocumentUnreadableException TooManyColumns(int row, int most) =>
        new(
            ReadFailure.TooLarge,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Row {row} of this table has more than {most} columns, the most that are read. Split the table and upload the parts."
            )
        );

    public static DocumentUnreadableException TimedOut(int page) =>
        new(
            ReadFailure.TimedOut,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Reading took too long and was stopped at page {page}. Simplify or split the document and upload it again."
            )
        );

    public static DocumentUnreadableException OutOfMemory(int page) =>
        new(
            ReadFailure.OutOfMemory,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Reading needed too much memory and was stopped at page {page}. Simplify or split the document and upload it again."
            )
        );

    public static DocumentUnreadableException ReaderUnavailable(string what, Exception? cause = null) =>
        new(
            ReadFailure.ReaderUnavailable,
            $"The document could not be read because {what}. Ask the operator of this installation to run its doctor, then retry.",
            cause
        );
}
