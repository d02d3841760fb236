"""What Pillow, scikit-image, imageio and OpenCV took away."""

from .rows import Gone, absent, methods, moved, moved_to, stand_ins

# scikit-image took multichannel= for channel_axis= until 0.20
_MULTICHANNEL = [
    "filters.gaussian",
    "filters.unsharp_mask",
    "transform.rescale",
    "transform.pyramid_gaussian",
    "transform.pyramid_laplacian",
    "transform.pyramid_reduce",
    "transform.pyramid_expand",
    "restoration.denoise_tv_chambolle",
    "restoration.denoise_wavelet",
    "restoration.denoise_nl_means",
    "restoration.denoise_bilateral",
    "restoration.estimate_sigma",
    "segmentation.slic",
    "segmentation.felzenszwalb",
    "exposure.match_histograms",
    "feature.hog",
    "util.montage",
]

IMAGES = (
    *moved("Pillow 10", "PIL.Image", ANTIALIAS="PIL.Image.LANCZOS", LINEAR="PIL.Image.BILINEAR"),
    *moved("Pillow 10", "PIL.Image", CUBIC="PIL.Image.BICUBIC"),
    *stand_ins("Pillow 10", "PIL.Image", "pil_names", NORMAL="0", SEQUENCE="1", CONTAINER="2"),
    *stand_ins("Pillow 11", "PIL.Image", "pil_names", isImageType="isinstance(x, PIL.Image.Image)"),
    *moved("Pillow 3", "PIL.Image", fromstring="PIL.Image.frombytes"),
    *moved("Pillow 7", "PIL", PILLOW_VERSION="PIL.__version__", VERSION="PIL.__version__"),
    *moved("Pillow 7", "PIL.Image", PILLOW_VERSION="PIL.__version__", VERSION="PIL.__version__"),
    *methods("Pillow 3", "PIL.Image.Image", "pil_names", tostring="image.tobytes()"),
    Gone("PIL.Image.Image.resize(NEAREST)", "Pillow 7", "resample=PIL.Image.NEAREST", "pil_names:resize", "class"),
    Gone("PIL.Image.Image.convert(L)", "Pillow 7", "numpy, for its levels", "pil_names:convert", "class"),
    *methods("Pillow 10", "PIL.ImageDraw.ImageDraw", "pil_names", textsize="draw.textbbox((0, 0), text, font)"),
    *methods("Pillow 10", "PIL.ImageDraw.ImageDraw", "pil_names", multiline_textsize="draw.multiline_textbbox(…)"),
    *methods("Pillow 10", "PIL.ImageFont.FreeTypeFont", "pil_names", getsize="font.getbbox(text)"),
    *methods("Pillow 10", "PIL.ImageFont.FreeTypeFont", "pil_names", getoffset="font.getbbox(text)[:2]"),
    *methods("Pillow 10", "PIL.ImageFont.ImageFont", "pil_names", getsize="font.getbbox(text)"),
    # Modules that stood at the top before Pillow
    Gone("Image", "Pillow 1", "PIL.Image", "=PIL.Image"),
    Gone("ImageDraw", "Pillow 1", "PIL.ImageDraw", "=PIL.ImageDraw"),
    Gone("ImageFont", "Pillow 1", "PIL.ImageFont", "=PIL.ImageFont"),
    # scikit-image
    Gone("skimage.io.imread(as_grey=)", "scikit-image 0.16", "as_gray=", "skimage_names:as_grey", "call"),
    Gone("skimage.io.imread_collection(as_grey=)", "scikit-image 0.16", "as_gray=", "skimage_names:as_grey", "call"),
    *(
        Gone(
            f"skimage.{name}(multichannel=)", "scikit-image 0.20", "channel_axis=", "skimage_names:multichannel", "call"
        )
        for name in _MULTICHANNEL
    ),
    *stand_ins(
        "scikit-image 0.18", "skimage.measure", "skimage_names", compare_ssim="skimage.metrics.structural_similarity"
    ),
    *stand_ins(
        "scikit-image 0.18", "skimage.measure", "skimage_names", compare_psnr="skimage.metrics.peak_signal_noise_ratio"
    ),
    *moved("scikit-image 0.18", "skimage.measure", compare_mse="skimage.metrics.mean_squared_error"),
    *stand_ins(
        "scikit-image 0.18", "skimage.measure", "skimage_names", compare_nrmse="skimage.metrics.normalized_root_mse"
    ),
    *stand_ins("scikit-image 0.14", "skimage.measure", "skimage_names", structural_similarity="skimage.metrics.…"),
    *moved("scikit-image 0.20", "skimage.feature", greycomatrix="skimage.feature.graycomatrix"),
    *moved("scikit-image 0.20", "skimage.feature", greycoprops="skimage.feature.graycoprops"),
    Gone("skimage.filter", "scikit-image 0.13", "skimage.filters", "=skimage.filters"),
    *moved("scikit-image 0.14", "skimage.filters", gaussian_filter="skimage.filters.gaussian"),
    *moved("scikit-image 0.14", "skimage.filters", canny="skimage.feature.canny"),
    *stand_ins(
        "scikit-image 0.16", "skimage.filters", "skimage_names", threshold_adaptive="image > threshold_local(…)"
    ),
    *stand_ins("scikit-image 0.19", "skimage.draw", "skimage_names", circle="skimage.draw.disk((r, c), radius)"),
    *moved("scikit-image 0.19", "skimage.morphology", watershed="skimage.segmentation.watershed"),
    *moved("scikit-image 0.25", "skimage.morphology", skeletonize_3d="skimage.morphology.skeletonize"),
    Gone("skimage.morphology.selem", "scikit-image 0.20", "skimage.morphology", "=skimage.morphology"),
    *moved("scikit-image 0.19", "skimage.measure", marching_cubes_lewiner="skimage.measure.marching_cubes"),
    *absent("scikit-image 0.19", "skimage.measure", "marching_cubes(method='lorensen')", "marching_cubes_classic"),
    *absent("scikit-image 0.15", "skimage.transform", "nothing: its patent", "seam_carve"),
    *moved("scikit-image 0.19", "skimage.color", rgb2grey="skimage.color.rgb2gray", grey2rgb="skimage.color.gray2rgb"),
    *moved("scikit-image 0.19", "skimage.util", pad="numpy.pad"),
    *moved("scikit-image 0.16", "skimage.util", montage2d="skimage.util.montage"),
    *moved("scikit-image 0.15", "skimage.restoration", nl_means_denoising="skimage.restoration.denoise_nl_means"),
    *moved("scikit-image 0.18", "skimage.data", imread="skimage.io.imread", load="skimage.io.imread"),
    *absent("scikit-image 0.14", "skimage.data", "skimage.data.astronaut()", "lena"),
    Gone("skimage.external", "scikit-image 0.18", "tifffile", "*"),
    Gone("skimage.external.tifffile", "scikit-image 0.18", "tifffile", "=tifffile"),
    Gone("skimage.future.graph", "scikit-image 0.20", "skimage.graph", "=skimage.graph"),
    *absent("scikit-image 0.20", "skimage", "matplotlib, or the package napari", "viewer", "novice"),
    # OpenCV
    Gone("cv2.cv", "OpenCV 3.0", "cv2", "*"),
    *moved("OpenCV 3.0", "cv2", CV_AA="cv2.LINE_AA", CV_FILLED="cv2.FILLED"),
    *moved("OpenCV 3.0", "cv2", CV_LOAD_IMAGE_COLOR="cv2.IMREAD_COLOR"),
    *moved("OpenCV 3.0", "cv2", CV_LOAD_IMAGE_GRAYSCALE="cv2.IMREAD_GRAYSCALE"),
    *moved("OpenCV 3.0", "cv2", CV_LOAD_IMAGE_UNCHANGED="cv2.IMREAD_UNCHANGED"),
    *moved("OpenCV 3.0", "cv2.cv", CV_FOURCC="cv2.VideoWriter_fourcc", CV_AA="cv2.LINE_AA"),
    *moved("OpenCV 3.0", "cv2.cv", CV_CAP_PROP_FPS="cv2.CAP_PROP_FPS", CV_BGR2GRAY="cv2.COLOR_BGR2GRAY"),
    *moved("OpenCV 3.0", "cv2.cv", CV_BGR2RGB="cv2.COLOR_BGR2RGB", CV_FILLED="cv2.FILLED"),
    *moved("OpenCV 3.0", "cv2.cv", CV_CAP_PROP_FRAME_WIDTH="cv2.CAP_PROP_FRAME_WIDTH"),
    *moved("OpenCV 3.0", "cv2.cv", CV_CAP_PROP_FRAME_HEIGHT="cv2.CAP_PROP_FRAME_HEIGHT"),
    *moved("OpenCV 3.0", "cv2.cv", CV_CAP_PROP_FRAME_COUNT="cv2.CAP_PROP_FRAME_COUNT"),
    *moved("OpenCV 3.0", "cv2.cv", CV_CAP_PROP_POS_FRAMES="cv2.CAP_PROP_POS_FRAMES"),
    *moved("OpenCV 3.0", "cv2", SimpleBlobDetector="cv2.SimpleBlobDetector_create", ORB="cv2.ORB_create"),
    *absent("OpenCV 5.0", "cv2", 'pip install "opencv-python-headless<5"', "CascadeClassifier", "HOGDescriptor", "ml"),
    *absent("OpenCV 5.0", "cv2.dnn", 'pip install "opencv-python-headless<5"', "readNetFromCaffe", "readNetFromTorch"),
    *absent("OpenCV 5.0", "cv2.dnn", 'pip install "opencv-python-headless<5"', "readNetFromDarknet"),
    *absent("OpenCV 5.0", "cv2", "cv2.estimateAffinePartial2D", "estimateRigidTransform"),
    *absent("OpenCV 3.0", "cv2", "pip install opencv-contrib-python", "xfeatures2d", "SURF", "face", "bgsegm"),
    # imageio
    *moved_to("imageio 3", "imageio", "imageio.v2", "imread", "imsave", "imwrite", "mimsave", "mimread", "get_reader"),
    *moved_to("imageio 3", "imageio", "imageio.v2", "get_writer", "mimwrite", "volread"),
    Gone("imageio.plugins.ffmpeg.download", "imageio 2.5", "pip install imageio-ffmpeg", "pil_names:nothing"),
)
